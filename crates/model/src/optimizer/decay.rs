//! Weight decay.

use kernels::simd::{Dispatch, Machine, MachineKernel};

/// g ← g + λ θ, the gradient of λ ‖θ‖²/2.
pub(super) fn add_l2(decay: f64, values: &[f32], gradient: &mut [f32]) {
    if decay > 0.0 {
        f32::on_machine(AddL2 { decay: decay as f32, values, gradient });
    }
}

/// θ ← (1 − ηλ) θ
pub(super) fn shrink(rate: f64, decay: f64, values: &mut [f32]) {
    if decay > 0.0 {
        f32::on_machine(Shrink { kept: (1.0 - rate * decay) as f32, values });
    }
}

struct AddL2<'a> {
    decay: f32,
    values: &'a [f32],
    gradient: &'a mut [f32],
}

impl MachineKernel<f32> for AddL2<'_> {
    type Output = ();
    #[inline(always)]
    fn run<M: Machine<f32>>(self) {
        for (g, &value) in self.gradient.iter_mut().zip(self.values) {
            *g = self.decay.mul_add(value, *g);
        }
    }
}

struct Shrink<'a> {
    kept: f32,
    values: &'a mut [f32],
}

impl MachineKernel<f32> for Shrink<'_> {
    type Output = ();
    #[inline(always)]
    fn run<M: Machine<f32>>(self) {
        self.values.iter_mut().for_each(|value| *value *= self.kept);
    }
}
