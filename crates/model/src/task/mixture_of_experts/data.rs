//! The rows of a mixture of experts.

use super::mnist_1d;
use super::parameters::{ExpertData, MixtureOfExperts};
use crate::Batch;
use crate::batch::Rows;
use kernels::Noise;

/// Rows to train on, and those that are not trained on.
pub(super) struct Split {
    pub(super) train: Rows,
    /// The cluster of each row that is trained on, if there are clusters.
    pub(super) train_clusters: Vec<u32>,
    pub(super) validation: HeldOut,
    pub(super) test: HeldOut,
    /// The mean squared error of the law that made the targets of the rows to test on.
    pub(super) noise: f64,
}

/// Rows that are not trained on.
pub(super) struct HeldOut {
    pub(super) batch: Batch<f32>,
    /// The cluster of each row, if there are clusters.
    pub(super) clusters: Vec<u32>,
}

/// Rows of features with a target each, the cluster of each, and what noise has added to each target.
#[derive(Default)]
struct Drawn {
    features: Vec<f64>,
    targets: Vec<f64>,
    clusters: Vec<u32>,
    errors: Vec<f64>,
}

impl Drawn {
    /// So many rows from a row on.
    fn part(&self, start: usize, rows: usize) -> Self {
        let width = self.features.len() / self.targets.len();
        let of = |clusters: &[u32]| clusters.get(start..start + rows).unwrap_or_default().to_vec();
        Self {
            features: self.features[start * width..(start + rows) * width].to_vec(),
            targets: self.targets[start..start + rows].to_vec(),
            clusters: of(&self.clusters),
            errors: self.errors.get(start..start + rows).unwrap_or_default().to_vec(),
        }
    }

    fn rows(&self) -> Rows {
        Rows::new(&self.features, &self.targets)
    }

    fn held_out(self) -> HeldOut {
        HeldOut { batch: self.rows().all(), clusters: self.clusters }
    }
}

impl Split {
    /// Rows that are drawn, or those of images, to train, to validate and to test on.
    ///
    /// # Panics
    /// If the task needs images and has none.
    pub(super) fn new(
        task: &MixtureOfExperts,
        images: Option<&[Rows; 3]>,
        noise: &mut Noise,
    ) -> Self {
        let (train, validation, test) = (task.rows, task.validation_rows, task.test_rows);
        let count = train + validation + test;
        let drawn = match (task.data, images) {
            (ExpertData::Clusters, _) => clusters(task, count, noise),
            (ExpertData::Mnist1d, _) => {
                let (features, classes) = mnist_1d::draw(count, noise);
                let targets = classes.into_iter().map(f64::from).collect();
                Drawn { features, targets, ..Drawn::default() }
            }
            (ExpertData::Mnist, Some(images)) => return Self::of(images.clone()),
            (ExpertData::Mnist, None) => panic!("MNIST has images"),
        };
        let first = drawn.part(0, train);
        let tested = drawn.part(train + validation, test);
        let noise = tested.errors.iter().map(|e| e * e).sum::<f64>() / test as f64;
        Self {
            train: first.rows(),
            train_clusters: first.clusters,
            validation: drawn.part(train, validation).held_out(),
            test: tested.held_out(),
            noise,
        }
    }

    /// Rows to train on, to validate on and to test on.
    fn of([train, validation, test]: [Rows; 3]) -> Self {
        let [validation, test] =
            [validation, test].map(|rows| HeldOut { batch: rows.all(), clusters: vec![] });
        Self { train, train_clusters: vec![], validation, test, noise: 0.0 }
    }
}

/// x = s m_c + ε and y = ⟨a_c, x⟩ + σ η, with the cluster c of a row uniform, and m_c, a_c √d, ε, η standard
/// normal.
fn clusters(task: &MixtureOfExperts, rows: usize, noise: &mut Noise) -> Drawn {
    let (d, count) = (task.inputs, task.clusters);
    let centers = noise.normals(count * d);
    let slopes = noise.normals(count * d);
    let mut drawn = Drawn::default();
    for _ in 0..rows {
        let cluster = noise.index(count as u32);
        let at = cluster as usize * d;
        let x: Vec<f64> = noise
            .normals(d)
            .into_iter()
            .zip(&centers[at..at + d])
            .map(|(e, center)| e + task.separation * center)
            .collect();
        let y: f64 = x.iter().zip(&slopes[at..at + d]).map(|(x, a)| x * a).sum();
        let error = task.noise * noise.normals(1)[0];
        drawn.features.extend(x);
        drawn.targets.push(y / (d as f64).sqrt() + error);
        drawn.clusters.push(cluster);
        drawn.errors.push(error);
    }
    drawn
}
