//! The estimator keeps the laws, and equals one of argmax-lab that is written by hand.

use estimators::kinds::StraightThrough;
use estimators::laws::problem::problems;
use estimators::{Kind, Noise, laws};
use own_estimator::HardArgmax;

#[test]
fn it_keeps_the_laws() {
    laws::check::<HardArgmax>();
    laws::check_parameters(HardArgmax { temperature: 0.1 });
}

#[test]
fn it_equals_straight_through_without_samples() {
    let hand_written = StraightThrough { sample: false, temperature: 0.6, ..Default::default() };
    for problem in problems() {
        let noise = &mut Noise::named(&["unused"]);
        let mut own = HardArgmax { temperature: 0.6 }.build();
        let own = problem.estimates(&mut *own, 1, noise).expect("an estimate");
        let expected = problem.estimates(&mut *hand_written.clone().build(), 1, noise);
        for (own, expected) in own.iter().zip(expected.expect("an estimate")) {
            assert!((own - expected).abs() < 1e-12, "{}: {own} for {expected}", problem.name);
        }
    }
}
