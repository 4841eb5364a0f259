//! The estimators, one file each.

use crate::Registry;

mod aimle;
mod antithetic_es;
mod arm;
mod ars;
mod arsm;
mod blackbox;
mod carms;
mod darn;
mod decoupled_straight_through;
mod default_moe;
mod dense_mixer;
mod disarm;
mod disarm_categorical;
mod double_cv;
mod entmax;
mod exact;
mod gapped_straight_through;
mod group_mean;
mod grpo;
mod gumbel_rao;
mod gumbel_softmax;
mod imle;
mod indecater;
mod index_soft_argmax;
mod muprop;
mod mve;
mod mve_int;
mod perturbed;
mod perturbed_score;
mod posted_score_function;
mod prelude;
mod rebar;
mod redge;
mod reinforce;
mod reinforce_loo;
mod reinmax;
mod reinmax_rao;
mod relax;
mod relu_routing;
mod second_order;
mod soft_argmax;
mod sparsemax;
mod sparsemixer;
mod sparsemixer_v2;
mod spsa;
mod st_gumbel_softmax;
mod stochastic_sum_and_sample;
mod straight_through;
mod sum_and_sample;
mod switch;
mod unordered_set;
mod unordered_set_without_baseline;

pub use crate::mechanisms::perturbation::NoiseDistribution;
pub use aimle::Aimle;
pub use antithetic_es::AntitheticEs;
pub use arm::Arm;
pub use ars::Ars;
pub use arsm::Arsm;
pub use blackbox::Blackbox;
pub use carms::Carms;
pub use darn::Darn;
pub use decoupled_straight_through::DecoupledStraightThrough;
pub use default_moe::DefaultMoe;
pub use dense_mixer::DenseMixer;
pub use disarm::Disarm;
pub use disarm_categorical::{DisarmCategorical, DisarmForm};
pub use double_cv::DoubleCv;
pub use entmax::Entmax;
pub use exact::Exact;
pub use gapped_straight_through::{Gap, GapRule, GappedStraightThrough};
pub use group_mean::GroupMean;
pub use grpo::Grpo;
pub use gumbel_rao::GumbelRao;
pub use gumbel_softmax::GumbelSoftmax;
pub use imle::{Imle, ImleNoise};
pub use indecater::Indecater;
pub use index_soft_argmax::IndexSoftArgmax;
pub use muprop::MuProp;
pub use mve::Mve;
pub use mve_int::MveInt;
pub use perturbed::Perturbed;
pub use perturbed_score::PerturbedScore;
pub use posted_score_function::PostedScoreFunction;
pub use rebar::Rebar;
pub use redge::Redge;
pub use reinforce::{Baseline, Reinforce};
pub use reinforce_loo::ReinforceLoo;
pub use reinmax::ReinMax;
pub use reinmax_rao::ReinMaxRao;
pub use relax::Relax;
pub use relu_routing::ReluRouting;
pub use second_order::SecondOrder;
pub use soft_argmax::SoftArgmax;
pub use sparsemax::Sparsemax;
pub use sparsemixer::SparseMixer;
pub use sparsemixer_v2::SparseMixerV2;
pub use spsa::Spsa;
pub use st_gumbel_softmax::StGumbelSoftmax;
pub use stochastic_sum_and_sample::StochasticSumAndSample;
pub use straight_through::StraightThrough;
pub use sum_and_sample::SumAndSample;
pub use switch::Switch;
pub use unordered_set::UnorderedSet;
pub use unordered_set_without_baseline::UnorderedSetWithoutBaseline;

impl Registry {
    /// The estimators of this crate.
    pub fn standard() -> Self {
        Self::empty()
            .with::<Exact>()
            .with::<SoftArgmax>()
            .with::<Sparsemax>()
            .with::<Entmax>()
            .with::<IndexSoftArgmax>()
            .with::<StraightThrough>()
            .with::<DecoupledStraightThrough>()
            .with::<GappedStraightThrough>()
            .with::<Darn>()
            .with::<SecondOrder>()
            .with::<ReinMax>()
            .with::<Mve>()
            .with::<MveInt>()
            .with::<Redge>()
            .with::<GumbelSoftmax>()
            .with::<StGumbelSoftmax>()
            .with::<GumbelRao>()
            .with::<ReinMaxRao>()
            .with::<Reinforce>()
            .with::<ReinforceLoo>()
            .with::<GroupMean>()
            .with::<Grpo>()
            .with::<MuProp>()
            .with::<Rebar>()
            .with::<Relax>()
            .with::<Arm>()
            .with::<Disarm>()
            .with::<Ars>()
            .with::<Arsm>()
            .with::<DisarmCategorical>()
            .with::<Carms>()
            .with::<UnorderedSet>()
            .with::<UnorderedSetWithoutBaseline>()
            .with::<SumAndSample>()
            .with::<StochasticSumAndSample>()
            .with::<Indecater>()
            .with::<DoubleCv>()
            .with::<PostedScoreFunction>()
            .with::<Perturbed>()
            .with::<PerturbedScore>()
            .with::<Imle>()
            .with::<Aimle>()
            .with::<Blackbox>()
            .with::<AntitheticEs>()
            .with::<Spsa>()
            .with::<Switch>()
            .with::<SparseMixer>()
            .with::<SparseMixerV2>()
            .with::<DenseMixer>()
            .with::<DefaultMoe>()
            .with::<ReluRouting>()
    }
}
