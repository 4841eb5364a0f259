//! The examples learn: better than with untrained choices.

// Their `main` is not called here.
#[allow(dead_code)]
#[path = "../../examples/bias_and_variance.rs"]
pub mod bias_and_variance;
#[allow(dead_code)]
#[path = "../../examples/discrete_code.rs"]
mod discrete_code;
#[allow(dead_code)]
#[path = "../../examples/gated_routing.rs"]
mod gated_routing;
#[allow(dead_code)]
#[path = "../../examples/hard_attention.rs"]
mod hard_attention;
#[allow(dead_code)]
#[path = "../../examples/routing.rs"]
pub mod routing;

#[test]
fn hard_attention_finds_the_right_place() {
    let [untrained, trained] = [0, 1500].map(|steps| hard_attention::train(steps).unwrap());
    // At two places, four numbers of variance 1 have a squared distance of 8 on average.
    assert!(untrained > 2.0 && trained < untrained / 5.0, "{trained} for {untrained}");
}

#[test]
fn routing_beats_untrained_routes() {
    let [untrained, trained] = [false, true].map(|learns| routing::train(learns).unwrap());
    assert!(untrained > 0.2 && trained < untrained / 3.0, "{trained} for {untrained}");
}

#[test]
fn a_trained_code_says_more_than_an_untrained_one() {
    let [untrained, trained] = [false, true].map(|learns| discrete_code::train(learns).unwrap());
    assert!(untrained > 1.0 && trained < untrained / 3.0, "{trained} for {untrained}");
}

#[test]
fn gated_routing_beats_untrained_routes() {
    let [untrained, trained] = [false, true].map(|learns| gated_routing::train(learns).unwrap());
    assert!(untrained > 0.2 && trained < untrained / 3.0, "{trained} for {untrained}");
}
