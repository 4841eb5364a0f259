//! Rows of data, and batches of them.

use kernels::{Data, Noise, Packed, Real};
use std::rc::Rc;
use std::sync::Arc;

/// A batch of B rows: what a network reads, and what its loss compares with. Tasks without data have
/// neither.
#[derive(Clone, Debug)]
pub struct Batch<E: Real> {
    rows: usize,
    inputs: Option<Rc<Data<E>>>,
    targets: Option<Rc<Packed<E>>>,
}

impl<E: Real> Batch<E> {
    /// Rows without inputs and targets.
    pub fn empty(rows: usize) -> Self {
        Self { rows, inputs: None, targets: None }
    }

    /// Rows without targets, [B, I].
    pub fn of_inputs(inputs: Rc<Data<E>>) -> Self {
        Self { rows: inputs.rows().rows(), inputs: Some(inputs), targets: None }
    }

    /// Rows ([B, I]) and their targets ([B, T]).
    ///
    /// # Panics
    /// If there is not one row of targets per row.
    pub fn new(inputs: Rc<Data<E>>, targets: Rc<Packed<E>>) -> Self {
        let rows = inputs.rows().rows();
        assert_eq!(rows, targets.rows(), "one row of targets per row");
        Self { rows, inputs: Some(inputs), targets: Some(targets) }
    }

    /// B
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// What the network reads, [B, I].
    ///
    /// # Panics
    /// If the batch has no inputs.
    pub fn inputs(&self) -> &Rc<Data<E>> {
        self.inputs.as_ref().unwrap_or_else(|| panic!("this batch has no inputs"))
    }

    /// What the loss compares with, [B, T].
    ///
    /// # Panics
    /// If the batch has no targets.
    pub fn targets(&self) -> &Rc<Packed<E>> {
        self.targets.as_ref().unwrap_or_else(|| panic!("this batch has no targets"))
    }

    /// The rows repeated `times` times, one copy after the other.
    pub(crate) fn repeat(&self, times: usize) -> Self {
        if times == 1 {
            return self.clone();
        }
        let inputs =
            self.inputs.as_ref().map(|inputs| Data::from_rows(inputs.rows().repeat(times)));
        let targets = self.targets.as_ref().map(|targets| Rc::new(targets.repeat(times)));
        Self { rows: self.rows * times, inputs, targets }
    }

    /// The same rows in another type.
    pub(crate) fn cast<F: Real>(&self) -> Batch<F> {
        Batch {
            rows: self.rows,
            inputs: self.inputs.as_ref().map(|inputs| Data::from_rows(inputs.rows().cast())),
            targets: self.targets.as_ref().map(|targets| Rc::new(targets.cast())),
        }
    }
}

/// Rows of data, with targets where there are any. A clone shares the inputs.
#[derive(Clone, Debug)]
pub struct Rows {
    /// [I, rows]: a row is a column, so that drawing some is copying them.
    inputs: Arc<Packed<f32>>,
    /// [rows, T]
    targets: Option<Packed<f32>>,
}

impl Rows {
    /// Rows of features, row after row, and one target per row.
    ///
    /// # Panics
    /// If there is no target, or the features are not as many rows.
    pub fn new(features: &[f64], targets: &[f64]) -> Self {
        assert!(!targets.is_empty(), "there are rows");
        assert_eq!(features.len() % targets.len(), 0, "features for {} rows", targets.len());
        let inputs = features.len() / targets.len();
        let inputs = Packed::from_columns(&narrow(features), inputs);
        Self { inputs: Arc::new(inputs), targets: Some(Packed::pack(&narrow(targets), 1)) }
    }

    /// Rows of features ([rows, I]) with one target each.
    ///
    /// # Panics
    /// If there is not one target per row.
    pub fn labeled(features: &Packed<f32>, targets: &[f32]) -> Self {
        assert_eq!(features.rows(), targets.len(), "one target per row");
        let inputs = Arc::new(features.transposed());
        Self { inputs, targets: Some(Packed::pack(targets, 1)) }
    }

    /// The same rows with one more target each.
    ///
    /// # Panics
    /// If they have no targets, or there is not one for each row.
    pub(crate) fn with_second_target(&self, targets: &[f32]) -> Self {
        let Some(first) = &self.targets else { panic!("rows have targets") };
        assert_eq!(targets.len(), self.len(), "one more target per row");
        let pairs = first.column(0).to_columns().into_iter().zip(targets);
        let both: Vec<f32> = pairs.flat_map(|(first, &second)| [first, second]).collect();
        Self { inputs: Arc::clone(&self.inputs), targets: Some(Packed::pack(&both, 2)) }
    }

    /// Rows without targets, one a column: [I, rows].
    pub fn of_columns(inputs: Packed<f32>) -> Self {
        Self { inputs: Arc::new(inputs), targets: None }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.inputs.columns()
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every row.
    pub fn all(&self) -> Batch<f32> {
        Self::batch((*self.inputs).clone(), self.targets.clone())
    }

    /// `count` rows drawn with replacement.
    pub fn draw(&self, count: usize, noise: &mut Noise) -> Batch<f32> {
        let indices = noise.indices(self.len() as u32, count);
        let targets = self.targets.as_ref().map(|targets| targets.select_rows(&indices));
        Self::batch(self.inputs.select_columns(&indices), targets)
    }

    fn batch(inputs: Packed<f32>, targets: Option<Packed<f32>>) -> Batch<f32> {
        let inputs = Data::from_transposed(inputs);
        match targets {
            Some(targets) => Batch::new(inputs, Rc::new(targets)),
            None => Batch::of_inputs(inputs),
        }
    }
}

fn narrow(numbers: &[f64]) -> Vec<f32> {
    numbers.iter().map(|&x| x as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows (1, 2), (3, 4) and (5, 6) with targets 10, 20 and 30.
    fn rows() -> Rows {
        Rows::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[10.0, 20.0, 30.0])
    }

    fn numbers<E: Real>(batch: &Batch<E>) -> (Vec<E>, Vec<E>) {
        assert_eq!(
            (batch.rows(), batch.rows()),
            (batch.inputs().rows().rows(), batch.targets().rows())
        );
        (batch.inputs().rows().unpack(), batch.targets().unpack())
    }

    #[test]
    fn rows_keep_their_targets() {
        let rows = rows();
        assert_eq!((rows.len(), rows.is_empty()), (3, false));
        let expected = (vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], vec![10.0, 20.0, 30.0]);
        assert_eq!(numbers(&rows.all()), expected);
        let mut noise = Noise::named(&["tests", "draw"]);
        let indices = noise.clone().indices(3, 40);
        assert!((0..3).all(|row| indices.contains(&row)), "{indices:?}");
        let (inputs, targets) = numbers(&rows.draw(40, &mut noise));
        for (i, &index) in indices.iter().enumerate() {
            let first = (2 * index + 1) as f32;
            assert_eq!(inputs[2 * i..2 * i + 2], [first, first + 1.0]);
            assert_eq!(targets[i], (10 * (index + 1)) as f32);
        }
    }

    #[test]
    fn rows_of_packed_features() {
        let features = Packed::pack(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2);
        let labeled = Rows::labeled(&features, &[10.0, 20.0, 30.0]);
        assert_eq!(numbers(&labeled.all()), numbers(&rows().all()));
    }

    #[test]
    fn copies_of_a_batch_come_one_after_the_other() {
        let all = rows().all();
        let (inputs, targets) = numbers(&all);
        assert_eq!(numbers(&all.repeat(1)), (inputs.clone(), targets.clone()));
        let twice = all.repeat(2);
        assert_eq!(twice.rows(), 6);
        assert_eq!(numbers(&twice), (inputs.repeat(2), targets.repeat(2)));
        let wide: (Vec<f64>, Vec<f64>) = numbers(&all.cast());
        let widened = |numbers: &[f32]| numbers.iter().map(|&x| f64::from(x)).collect();
        assert_eq!(wide, (widened(&inputs), widened(&targets)));
        let empty = Batch::<f32>::empty(4).repeat(3);
        assert!(empty.rows() == 12 && empty.inputs.is_none() && empty.targets.is_none());
    }

    #[test]
    fn columns_are_rows_without_targets() {
        let rows = Rows::of_columns(Packed::from_columns(&[1.0, 2.0, 3.0, 4.0], 2));
        let all = rows.all();
        assert_eq!((rows.len(), all.rows()), (2, 2));
        assert_eq!(all.inputs().rows().unpack(), [1.0, 2.0, 3.0, 4.0]);
        assert!(all.targets.is_none());
    }

    #[test]
    fn rows_can_have_two_targets() {
        let both = rows().with_second_target(&[7.0, 8.0, 9.0]).all();
        assert_eq!(both.inputs().rows().unpack(), rows().all().inputs().rows().unpack());
        assert_eq!(both.targets().unpack(), [10.0, 7.0, 20.0, 8.0, 30.0, 9.0]);
    }

    #[test]
    #[should_panic(expected = "one row of targets per row")]
    fn targets_belong_to_rows() {
        let inputs = Data::from_rows(Packed::pack(&[1.0f32, 2.0], 1));
        Batch::new(inputs, Rc::new(Packed::pack(&[1.0], 1)));
    }

    #[test]
    #[should_panic(expected = "features for 2 rows")]
    fn features_fill_rows() {
        Rows::new(&[1.0, 2.0, 3.0], &[1.0, 2.0]);
    }
}
