//! Packed matrices compared with the same operations on plain rows.

use crate::reference::*;
use kernels::{Packed, Real, simd::LANES};
use proptest::prelude::*;

fn check<E: Real>(rows: usize, columns: usize) {
    let data: Vec<E> = narrow(&normals("data", rows * columns));
    let at = |row: usize, column: usize| data[row * columns + column];
    let packed = Packed::pack(&data, columns);
    assert_eq!((packed.rows(), packed.columns()), (rows, columns));
    assert!((0..rows).all(|row| (0..columns).all(|c| packed.get(row, c) == at(row, c))));
    assert!(packed.unpack() == data, "pack and unpack");

    let flat: Vec<E> =
        (0..columns).flat_map(|column| (0..rows).map(move |row| at(row, column))).collect();
    assert!(packed.to_columns() == flat, "columns");
    let from_columns = Packed::from_columns(&flat, rows);
    assert_eq!((from_columns.rows(), from_columns.columns()), (rows, columns));
    assert!(from_columns.unpack() == data, "from columns");

    let before: Vec<E> = narrow(&normals("before", rows * columns));
    let mut sum = before.clone();
    packed.add_to(&mut sum);
    assert!(sum.into_iter().eq(before.iter().zip(&data).map(|(&b, &x)| b + x)), "add to");

    let turned = packed.transposed();
    assert_eq!((turned.rows(), turned.columns()), (columns, rows));
    assert!(turned.to_columns() == data, "transposed");
    assert!(turned.transposed().unpack() == data, "transposed twice");
    assert!(packed.column(columns - 1).unpack() == flat[(columns - 1) * rows..], "column");
    let picks: Vec<u32> = (0..5).map(|i| (i * 7) % columns as u32).collect();
    let picked = packed.select_columns(&picks);
    let expected = (0..rows).flat_map(|row| picks.iter().map(move |&c| at(row, c as usize)));
    assert!(picked.unpack().into_iter().eq(expected), "select columns");

    let picks: Vec<u32> = (0..19).map(|i| (i * 7) % rows as u32).collect();
    let picked = packed.select_rows(&picks);
    assert_eq!((picked.rows(), picked.columns()), (19, columns));
    let expected = picks.iter().flat_map(|&row| (0..columns).map(move |c| at(row as usize, c)));
    assert!(picked.unpack().into_iter().eq(expected), "select rows");

    let other = Packed::pack(&before, columns);
    let both = packed.concat_columns(&other).unpack();
    let (left, right) = (
        |row: usize| &data[row * columns..][..columns],
        |row: usize| &before[row * columns..][..columns],
    );
    assert!(both == (0..rows).flat_map(|row| [left(row), right(row)].concat()).collect::<Vec<E>>());
    let whole = packed.clone().reshape(rows * columns);
    assert!((whole.rows(), whole.unpack()) == (1, data.clone()), "reshape");
    assert!(packed.repeat(3).unpack() == data.repeat(3), "repeat");
    let total = packed.total();
    let sum = widen(&data).iter().sum::<f64>();
    assert!((total - sum).abs() <= 1e-12 * (1.0 + sum.abs()) * data.len() as f64, "{total} {sum}");
    assert!(Packed::filled(rows, columns, E::of(0.5)).unpack() == vec![E::of(0.5); data.len()]);
    let pairs = || data.iter().zip(&before);
    let mut sum = packed.clone();
    sum.add(&other);
    assert!(sum.unpack().into_iter().eq(pairs().map(|(&a, &b)| a + b)), "add");
    let mut difference = packed.clone();
    difference.subtract(&other);
    assert!(difference.unpack().into_iter().eq(pairs().map(|(&a, &b)| a - b)), "subtract");
    assert!(packed.unpack() == data, "a clone is a copy");

    let dots = packed.row_dots(&other);
    assert_eq!((dots.rows(), dots.columns()), (rows, 1));
    for row in 0..rows {
        let dot =
            (0..columns).fold(E::ZERO, |sum, c| at(row, c).mul_add(before[row * columns + c], sum));
        assert!(dots.get(row, 0) == dot, "row dots");
    }

    let squares: Vec<E> = data.iter().map(|&x| x * x).collect();
    let logarithms = Packed::pack(&squares, columns).ln().unpack();
    assert!(logarithms.into_iter().eq(squares.iter().map(|x| x.ln())), "ln");

    let mut changed = Packed::<E>::zeros(rows, columns);
    assert!(changed.unpack().iter().all(|&x| x == E::ZERO));
    for column in 0..columns {
        changed.set_column(column, &Packed::pack(&flat[column * rows..][..rows], 1));
    }
    assert!(changed.unpack() == data, "set column");
    changed.set(rows - 1, columns - 1, E::of(7.0));
    assert!(changed.get(rows - 1, columns - 1) == E::of(7.0));
    let kept = (0..rows * columns - 1).all(|i| changed.get(i / columns, i % columns) == data[i]);
    assert!(kept, "one element is set");
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_operation_on_any_shape(rows in 1usize..70, columns in 1usize..40) {
        check::<f32>(rows, columns);
        check::<f64>(rows, columns);
    }

    #[test]
    fn repeated_and_summed_rows(rows in 1usize..40, columns in 1usize..10, times in 1usize..5) {
        let data = normals("data", rows * columns);
        let repeated = Packed::pack(&data, columns).repeat_rows(times);
        let expected: Vec<f64> =
            data.chunks(columns).flat_map(|row| row.repeat(times)).collect();
        prop_assert_eq!(repeated.rows(), rows * times);
        prop_assert_eq!(repeated.unpack(), expected);

        let many = normals("many", rows * times * columns);
        let sums = Packed::pack(&many, columns).sum_rows(times);
        prop_assert_eq!((sums.rows(), sums.columns()), (rows, columns));
        for row in 0..rows {
            for column in 0..columns {
                let group = (row * times..(row + 1) * times).map(|r| many[r * columns + column]);
                prop_assert_eq!(sums.get(row, column), group.fold(0.0, |sum, x| sum + x));
            }
        }
    }
}

/// The padding of the last block is zeros, not the old contents of a reused buffer.
#[test]
fn the_last_block_is_padded_with_zeros() {
    for rows in [1, 15, 17, 30] {
        for k in [1, 3, 8, 9] {
            // Fills the buffers that will be reused with other numbers.
            drop(Packed::pack(&vec![5.0f32; 32 * k], k));
            drop(Packed::pack(&vec![5.0f32; 16 * k], k));
            let data = vec![1.0f32; rows * k];
            let transposed = Packed::filled(k, rows, 1.0).transposed();
            for packed in [Packed::pack(&data, k), Packed::from_columns(&data, rows), transposed] {
                let whole = Whole::of(packed);
                assert_eq!(whole.len(), rows.div_ceil(LANES) * LANES * k);
                assert_eq!(whole.iter().sum::<f32>(), (rows * k) as f32);
            }
        }
    }
}

/// All numbers in storage order, including the padding.
struct Whole;

impl Whole {
    fn of(packed: Packed<f32>) -> Vec<f32> {
        use kernels::simd::{Kernel, Lanes, run};
        struct Read(Packed<f32>);
        impl Kernel<f32> for Read {
            type Output = Vec<f32>;
            #[inline(always)]
            fn run<V: Lanes<f32>>(self) -> Vec<f32> {
                let mut numbers = vec![];
                for (index, block) in self.0.blocks::<V>().enumerate() {
                    for (a, b) in block.iter().zip(self.0.block::<V>(index)) {
                        assert_eq!(a.to_array(), b.to_array());
                        numbers.extend(V::of(&a.to_array()).to_array());
                    }
                }
                numbers
            }
        }
        run(Read(packed))
    }
}

#[test]
fn a_matrix_can_have_no_rows() {
    let empty = Packed::<f64>::pack(&[], 3);
    assert_eq!((empty.rows(), empty.columns()), (0, 3));
    assert!(empty.unpack().is_empty() && empty.to_columns().is_empty() && empty.ln().rows() == 0);
    assert_eq!(Packed::<f64>::zeros(3, 2).repeat_rows(0).rows(), 0);
    assert_eq!(empty.sum_rows(2).rows(), 0);
}

#[test]
#[should_panic(expected = "has columns")]
fn a_matrix_without_columns_panics() {
    Packed::<f64>::pack(&[], 0);
}

#[test]
#[should_panic(expected = "whole rows of 3")]
fn packing_partial_rows_panics() {
    Packed::pack(&[0.0; 4], 3);
}

#[test]
#[should_panic(expected = "whole columns of 3")]
fn packing_partial_columns_panics() {
    Packed::from_columns(&[0.0; 4], 3);
}

#[test]
#[should_panic(expected = "have rows")]
fn packing_empty_columns_panics() {
    Packed::<f64>::from_columns(&[], 0);
}

#[test]
#[should_panic(expected = "rows in groups of 2")]
fn summing_partial_groups_panics() {
    Packed::<f64>::zeros(3, 1).sum_rows(2);
}

#[test]
#[should_panic(expected = "groups of no rows")]
fn summing_empty_groups_panics() {
    Packed::<f64>::zeros(3, 1).sum_rows(0);
}

#[test]
#[should_panic(expected = "a sum of equal shapes")]
fn adding_to_another_shape_panics() {
    Packed::<f64>::zeros(3, 2).add_to(&mut [0.0; 5]);
}

/// Padding is stored, but is not part of the matrix.
#[test]
fn an_element_out_of_range_panics() {
    for (row, column) in [(3, 0), (0, 2), (15, 1)] {
        let get = std::panic::catch_unwind(|| Packed::<f64>::zeros(3, 2).get(row, column));
        let set = std::panic::catch_unwind(|| Packed::<f64>::zeros(3, 2).set(row, column, 1.0));
        assert!(get.is_err() && set.is_err(), "({row}, {column})");
    }
}

#[test]
#[should_panic(expected = "column 2")]
fn setting_a_column_out_of_range_panics() {
    Packed::<f64>::zeros(3, 2).set_column(2, &Packed::zeros(3, 1));
}

#[test]
#[should_panic(expected = "a column of 3 rows")]
fn setting_a_column_of_another_length_panics() {
    Packed::<f64>::zeros(3, 2).set_column(1, &Packed::zeros(4, 1));
}

#[test]
fn strided_rows_are_every_nth_row() {
    let numbers: Vec<f64> = (0..40 * 3 * 2).map(f64::from).collect();
    let packed = Packed::pack(&numbers, 2);
    let rows = packed.strided_rows(3, 1);
    let expected: Vec<f64> =
        (0..40).flat_map(|row| [6 * row + 2, 6 * row + 3]).map(f64::from).collect();
    assert_eq!((rows.rows(), rows.unpack()), (40, expected));
    assert_eq!(packed.strided_rows(1, 0).unpack(), numbers);
}

#[test]
fn a_cast_rounds_to_the_nearest_number() {
    let packed = Packed::pack(&[0.1f64, f64::INFINITY, -2.0, 1e300], 2);
    assert_eq!(packed.cast::<f32>().unpack(), [0.1f32, f32::INFINITY, -2.0, f32::INFINITY]);
    assert_eq!(Packed::pack(&[0.1f32, 1.0], 2).cast::<f64>().unpack(), [f64::from(0.1f32), 1.0]);
}

#[test]
#[should_panic(expected = "row 3 of 3")]
fn selecting_a_row_out_of_range_panics() {
    Packed::<f64>::zeros(3, 2).select_rows(&[0, 3]);
}

#[test]
#[should_panic(expected = "index out of bounds")]
fn selecting_a_column_out_of_range_panics() {
    Packed::<f64>::zeros(3, 2).select_columns(&[2]);
}

#[test]
#[should_panic(expected = "matrices side by side")]
fn concatenating_different_numbers_of_rows_panics() {
    Packed::<f64>::zeros(3, 2).concat_columns(&Packed::zeros(4, 2));
}
