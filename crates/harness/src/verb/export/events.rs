//! Event files of TensorBoard: records of protocol buffers, each with checksums (the format of TFRecord).

/// The name that TensorBoard recognizes.
pub(super) const FILE: &str = "events.out.tfevents.0.argmax-lab";

/// The content of an event file.
pub(super) struct Events {
    bytes: Vec<u8>,
}

impl Events {
    /// A file without numbers.
    pub(super) fn new() -> Self {
        let mut events = Self { bytes: vec![] };
        let mut event = vec![];
        put_double(&mut event, 1, 0.0);
        put_bytes(&mut event, 3, b"brain.Event:2");
        events.record(&event);
        events
    }

    /// Adds a number of a step, in single precision as the format has it. Times are 0: records have none
    /// of single steps.
    pub(super) fn push(&mut self, tag: &str, step: u64, value: f64) {
        let (mut number, mut summary, mut event) = (vec![], vec![], vec![]);
        put_bytes(&mut number, 1, tag.as_bytes());
        put_float(&mut number, 2, value as f32);
        put_bytes(&mut summary, 1, &number);
        put_double(&mut event, 1, 0.0);
        put_varint(&mut event, 2, step);
        put_bytes(&mut event, 5, &summary);
        self.record(&event);
    }

    /// The content.
    pub(super) fn bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn record(&mut self, event: &[u8]) {
        let length = (event.len() as u64).to_le_bytes();
        self.bytes.extend(length);
        self.bytes.extend(masked(&length).to_le_bytes());
        self.bytes.extend(event);
        self.bytes.extend(masked(event).to_le_bytes());
    }
}

/// The checksum as TFRecord masks it: rotated, plus a constant.
fn masked(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Wire types of protocol buffers.
const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const LENGTH: u64 = 2;
const FIXED32: u64 = 5;

fn key(to: &mut Vec<u8>, field: u64, wire: u64) {
    varint(to, field << 3 | wire);
}

fn varint(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn put_varint(to: &mut Vec<u8>, field: u64, number: u64) {
    key(to, field, VARINT);
    varint(to, number);
}

fn put_double(to: &mut Vec<u8>, field: u64, number: f64) {
    key(to, field, FIXED64);
    to.extend(number.to_le_bytes());
}

fn put_float(to: &mut Vec<u8>, field: u64, number: f32) {
    key(to, field, FIXED32);
    to.extend(number.to_le_bytes());
}

fn put_bytes(to: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    key(to, field, LENGTH);
    varint(to, bytes.len() as u64);
    to.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first record of every file that TensorFlow writes, but for the time.
    #[test]
    fn a_file_begins_with_its_version() {
        let bytes = Events::new().bytes();
        assert_eq!(bytes[..8], 24u64.to_le_bytes());
        // The masked checksum of the length 24, as in files that TensorFlow wrote.
        assert_eq!(bytes[8..12], [0xa3, 0x7f, 0x4b, 0x22]);
        assert!(bytes[12..].windows(13).any(|window| window == b"brain.Event:2"));
    }

    #[test]
    fn numbers_have_seven_bits_a_byte() {
        let mut bytes = vec![];
        varint(&mut bytes, 300);
        assert_eq!(bytes, [0xac, 0x02]);
    }
}
