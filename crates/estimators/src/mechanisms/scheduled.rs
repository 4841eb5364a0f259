//! Temperatures that follow a schedule.

use crate::Schedule;
use crate::ranges::TEMPERATURES;
use kernels::Real;

/// The parameters of a kind, and the step that the schedule of its temperature has reached.
#[derive(Clone, Debug)]
pub struct Scheduled<K> {
    /// The parameters.
    pub kind: K,
    schedule: Option<Schedule>,
    step: u64,
}

impl<K> Scheduled<K> {
    /// The parameters at step 0.
    pub fn new(schedule: Option<Schedule>, kind: K) -> Self {
        Self { kind, schedule, step: 0 }
    }

    /// What the schedule makes of a temperature at the current step. It stays in the range of
    /// temperatures, whatever the factor.
    pub fn at<E: Real>(&self, temperature: f64) -> E {
        let Some(schedule) = &self.schedule else { return E::of(temperature) };
        let (least, most) = TEMPERATURES.into_inner();
        E::of((temperature * schedule.factor(self.step)).clamp(least, most))
    }

    /// Whether a temperature is 1 at every step.
    pub fn is_always_one(&self, temperature: f64) -> bool {
        // A schedule that changes nothing is rejected.
        temperature == 1.0 && self.schedule.is_none()
    }

    /// Goes on to the next step.
    pub fn next_step(&mut self) {
        self.step += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temperature_follows_its_schedule() {
        let decay = Schedule::Exponential { warm_up: 0, start: 0.0, every: 1, rate: 0.1, end: 0.5 };
        let mut scheduled = Scheduled::new(Some(decay), ());
        assert_eq!(scheduled.at::<f64>(2.0), 2.0);
        scheduled.next_step();
        assert!((scheduled.at::<f64>(2.0) - 2.0 * (-0.1f64).exp()).abs() < 1e-15);
        (0..20).for_each(|_| scheduled.next_step());
        assert_eq!(scheduled.at::<f64>(2.0), 1.0);
    }

    #[test]
    fn a_scheduled_temperature_stays_in_its_range() {
        for (factor, end) in [(10.0, 1e30f32), (0.1, 1e-30)] {
            let step = Schedule::Step { warm_up: 0, start: 0.0, every: 1, factor };
            let mut scheduled = Scheduled::new(Some(step), ());
            (0..1000).for_each(|_| scheduled.next_step());
            assert_eq!(scheduled.at::<f32>(1.0), end);
        }
    }

    #[test]
    fn only_a_constant_temperature_is_always_one() {
        let warm_up = Some(Schedule::Constant { warm_up: 2, start: 0.0, every: 1 });
        assert!(Scheduled::new(None, ()).is_always_one(1.0));
        assert!(!Scheduled::new(None, ()).is_always_one(0.5));
        assert!(!Scheduled::new(warm_up, ()).is_always_one(1.0));
    }
}
