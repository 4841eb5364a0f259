//! ChaCha8, sixteen blocks at a time.

use crate::simd::{Dispatch, LANES, Lanes, Machine, MachineKernel, Words};

/// Words in a block.
pub(super) const BLOCK: usize = 16;
/// Words that are generated at a time.
pub(super) const AT_ONCE: usize = LANES * BLOCK;

/// Blocks `first` to `first` + 15 of a stream: ChaCha with eight rounds (Bernstein 2008, "ChaCha, a
/// variant of Salsa20"), a counter and a stream of 64 bits each.
///
/// Each lane of a register is a block of its own; a final transpose makes the words of a block
/// contiguous.
pub(super) fn blocks(key: &[u32; 8], stream: u64, first: u64, out: &mut [u32; AT_ONCE]) {
    f32::on_machine(Blocks { key, stream, first, out });
}

struct Blocks<'a> {
    key: &'a [u32; 8],
    stream: u64,
    first: u64,
    out: &'a mut [u32; AT_ONCE],
}

impl MachineKernel<f32> for Blocks<'_> {
    type Output = ();
    #[inline(always)]
    fn run<M: Machine<f32>>(self) {
        let mut by_word = [[0; LANES]; BLOCK];
        // The lower and upper halves of the counters.
        let (mut lower, mut upper) = ([0; LANES], [0; LANES]);
        for (lane, (lower, upper)) in lower.iter_mut().zip(&mut upper).enumerate() {
            let counter = self.first.wrapping_add(lane as u64);
            (*lower, *upper) = (counter as u32, (counter >> 32) as u32);
        }
        for lane in (0..LANES).step_by(M::Words::LANES) {
            let counter = [M::Words::read(&lower[lane..]), M::Words::read(&upper[lane..])];
            let state = start(self.key, self.stream, counter);
            let mixed = mix(state);
            for word in 0..BLOCK {
                mixed[word].add(state[word]).write(&mut by_word[word][lane..]);
            }
        }
        let mut square = [M::Lanes::zero(); LANES];
        for word in 0..BLOCK {
            square[word] = M::Lanes::of(&by_word[word].map(f32::from_bits));
        }
        M::transpose(&mut square);
        for (block, out) in self.out.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
            *out = square[block].to_array().map(f32::to_bits);
        }
    }
}

/// The state of each lane's block before it is mixed: constants, key, counter and stream.
#[inline(always)]
fn start<W: Words>(key: &[u32; 8], stream: u64, counter: [W; 2]) -> [W; BLOCK] {
    // "expand 32-byte k"
    const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];
    let mut state = [W::splat(0); BLOCK];
    for i in 0..4 {
        state[i] = W::splat(CONSTANTS[i]);
    }
    for i in 0..8 {
        state[4 + i] = W::splat(key[i]);
    }
    state[12] = counter[0];
    state[13] = counter[1];
    state[14] = W::splat(stream as u32);
    state[15] = W::splat((stream >> 32) as u32);
    state
}

/// Four double rounds.
#[inline(always)]
fn mix<W: Words>(mut s: [W; BLOCK]) -> [W; BLOCK] {
    macro_rules! quarter {
        ($a:literal, $b:literal, $c:literal, $d:literal) => {
            s[$a] = s[$a].add(s[$b]);
            s[$d] = s[$d].xor(s[$a]).rotate::<16, 16>();
            s[$c] = s[$c].add(s[$d]);
            s[$b] = s[$b].xor(s[$c]).rotate::<12, 20>();
            s[$a] = s[$a].add(s[$b]);
            s[$d] = s[$d].xor(s[$a]).rotate::<8, 24>();
            s[$c] = s[$c].add(s[$d]);
            s[$b] = s[$b].xor(s[$c]).rotate::<7, 25>();
        };
    }
    for _ in 0..4 {
        quarter!(0, 4, 8, 12);
        quarter!(1, 5, 9, 13);
        quarter!(2, 6, 10, 14);
        quarter!(3, 7, 11, 15);
        quarter!(0, 5, 10, 15);
        quarter!(1, 6, 11, 12);
        quarter!(2, 7, 8, 13);
        quarter!(3, 4, 9, 14);
    }
    s
}
