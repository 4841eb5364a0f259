//! Conversion to and from other storage orders, and selection of rows and columns.

use super::Packed;
use crate::Real;
use crate::simd::{LANES, Lanes, Machine, MachineKernel};
use std::ops::Range;

impl<E: Real> Packed<E> {
    /// Packs a row-major matrix.
    ///
    /// # Panics
    /// If `data` does not consist of whole rows, or there are no columns.
    pub fn pack(data: &[E], columns: usize) -> Self {
        let mut packed = Self::scratch(data.len() / columns.max(1), columns);
        assert_eq!(data.len() % columns, 0, "whole rows of {columns}");
        E::on_machine(PackRows { data, packed: &mut packed });
        packed
    }

    /// The matrix in row-major order.
    pub fn unpack(&self) -> Vec<E> {
        let mut data = vec![E::ZERO; self.rows * self.columns];
        self.columns_to_rows(0..self.columns, &mut data);
        data
    }

    /// Writes a range of columns in row-major order.
    ///
    /// # Panics
    /// If the range is empty or out of range, or `data` has the wrong length.
    pub fn columns_to_rows(&self, columns: Range<usize>, data: &mut [E]) {
        assert!(columns.end <= self.columns && !columns.is_empty(), "columns {columns:?}");
        assert_eq!(data.len(), self.rows * columns.len(), "rows of {columns:?}");
        E::on_machine(UnpackRows { packed: self, columns, data });
    }

    /// Adds the matrix to a row-major one.
    ///
    /// # Panics
    /// If `data` has the wrong length.
    pub fn add_to(&self, data: &mut [E]) {
        assert_eq!(data.len(), self.rows * self.columns, "a sum of equal shapes");
        data.iter_mut().zip(self.unpack()).for_each(|(sum, x)| *sum += x);
    }

    /// Packs a column-major matrix.
    ///
    /// # Panics
    /// If `data` does not consist of whole columns, or there are no rows or no columns.
    pub fn from_columns(data: &[E], rows: usize) -> Self {
        assert!(rows > 0, "columns of a packed matrix have rows");
        assert_eq!(data.len() % rows, 0, "whole columns of {rows}");
        let mut packed = Self::scratch(rows, data.len() / rows);
        let columns = packed.columns;
        for (column, data) in data.chunks_exact(rows).enumerate() {
            for (block, data) in data.chunks(LANES).enumerate() {
                let sixteen = &mut packed.data[block * columns + column].0;
                // The known length lets the compiler copy through registers, without a call.
                if let Ok(data) = data.try_into() {
                    *sixteen = data;
                } else {
                    sixteen[..data.len()].copy_from_slice(data);
                    sixteen[data.len()..].fill(E::ZERO);
                }
            }
        }
        packed
    }

    /// The matrix in column-major order.
    pub fn to_columns(&self) -> Vec<E> {
        let mut data = vec![E::ZERO; self.rows * self.columns];
        if data.is_empty() {
            return data;
        }
        for (column, data) in data.chunks_exact_mut(self.rows).enumerate() {
            let sixteens = self.data.iter().skip(column).step_by(self.columns);
            for (data, sixteen) in data.chunks_mut(LANES).zip(sixteens) {
                match data.as_mut_array() {
                    Some(data) => *data = sixteen.0,
                    None => data.copy_from_slice(&sixteen.0[..data.len()]),
                }
            }
        }
        data
    }

    /// The transpose, [columns, rows]; its padding is 0.
    ///
    /// # Panics
    /// If there are no rows.
    pub fn transposed(&self) -> Self {
        let mut turned = Self::scratch(self.columns, self.rows);
        E::on_machine(Transpose { from: self, to: &mut turned });
        turned
    }

    /// The columns with these indices, in this order: [rows, indices].
    ///
    /// # Panics
    /// If there are no indices, or one is out of range.
    pub fn select_columns(&self, indices: &[u32]) -> Self {
        let mut picked = Self::scratch(self.rows, indices.len());
        E::on_machine(SelectColumns { from: self, indices, to: &mut picked });
        picked
    }

    /// The rows with these indices, in this order: [indices, columns].
    ///
    /// # Panics
    /// If an index is out of range.
    pub fn select_rows(&self, indices: &[u32]) -> Self {
        let mut picked = Self::scratch(indices.len(), self.columns);
        E::on_machine(SelectRows { from: self, indices, to: &mut picked });
        picked
    }

    /// The same numbers in row-major order, in rows of `columns`.
    ///
    /// # Panics
    /// If they do not fill whole rows.
    pub fn reshape(self, columns: usize) -> Self {
        if columns == self.columns { self } else { Self::pack(&self.unpack(), columns) }
    }

    /// The columns of this matrix, then those of another with the same number of rows.
    ///
    /// # Panics
    /// If the numbers of rows differ.
    pub fn concat_columns(&self, other: &Self) -> Self {
        assert_eq!(self.rows, other.rows, "matrices side by side");
        let mut both = Self::scratch(self.rows, self.columns + other.columns);
        let columns = both.columns;
        let pairs =
            self.data.chunks_exact(self.columns).zip(other.data.chunks_exact(other.columns));
        for (both, (left, right)) in both.data.chunks_exact_mut(columns).zip(pairs) {
            both[..left.len()].copy_from_slice(left);
            both[left.len()..].copy_from_slice(right);
        }
        both
    }
}

/// The first sixteen numbers; if there are fewer, padded with zeros.
#[inline(always)]
pub(crate) fn load_part<E: Real, V: Lanes<E>>(numbers: &[E]) -> V {
    match numbers.first_chunk() {
        Some(sixteen) => V::of(sixteen),
        None => {
            let mut part = [E::ZERO; LANES];
            part[..numbers.len()].copy_from_slice(numbers);
            V::of(&part)
        }
    }
}

/// Writes the sixteen numbers, or as many as fit.
#[inline(always)]
pub(crate) fn store_part<E: Real, V: Lanes<E>>(sixteen: V, room: &mut [E]) {
    match room.first_chunk_mut() {
        Some(room) => *room = sixteen.to_array(),
        None => {
            let count = room.len();
            room.copy_from_slice(&sixteen.to_array()[..count]);
        }
    }
}

/// Transposes a 16 × 16 square in registers.
#[inline(always)]
#[allow(clippy::manual_memcpy)]
fn transpose_square<E: Real, M: Machine<E>>(from: &[M::Lanes; LANES], to: &mut [M::Lanes; LANES]) {
    let mut square = [M::Lanes::zero(); LANES];
    for i in 0..LANES {
        square[i] = from[i];
    }
    M::transpose(&mut square);
    for i in 0..LANES {
        to[i] = square[i];
    }
}

/// Transposes up to sixteen columns, padded with zeros, and keeps as many columns as fit.
#[inline(always)]
fn transpose_part<E: Real, M: Machine<E>>(from: &[M::Lanes], to: &mut [M::Lanes]) {
    if let (Some(from), Some(to)) = (from.as_array(), to.as_mut_array()) {
        return transpose_square::<E, M>(from, to);
    }
    let mut square = [M::Lanes::zero(); LANES];
    square[..from.len()].copy_from_slice(from);
    M::transpose(&mut square);
    to.copy_from_slice(&square[..to.len()]);
}

/// If fewer columns than this are left after the whole squares, they are moved one by one.
const FEW: usize = 6;

/// The number of columns that are moved in squares.
fn in_squares(columns: usize) -> usize {
    let rest = columns % LANES;
    if rest < FEW { columns - rest } else { columns }
}

/// Packs rows, a square at a time.
struct PackRows<'a, E: Real> {
    data: &'a [E],
    packed: &'a mut Packed<E>,
}

impl<E: Real> MachineKernel<E> for PackRows<'_, E> {
    type Output = ();
    #[inline(always)]
    fn run<M: Machine<E>>(self) {
        let columns = self.packed.columns;
        let squared = in_squares(columns);
        for (place, rows) in self.data.chunks(LANES * columns).enumerate() {
            let block = self.packed.block_mut::<M::Lanes>(place);
            for (first, to) in (0..squared).step_by(LANES).zip(block[..squared].chunks_mut(LANES)) {
                let mut square = [M::Lanes::zero(); LANES];
                for (i, row) in rows.chunks_exact(columns).enumerate() {
                    square[i] = load_part(&row[first..columns.min(first + LANES)]);
                }
                transpose_part::<E, M>(&square, to);
            }
            let narrow = &mut self.packed.data[place * columns..][squared..columns];
            for (column, to) in (squared..).zip(narrow) {
                to.0 = [E::ZERO; LANES];
                for (x, row) in to.0.iter_mut().zip(rows.chunks_exact(columns)) {
                    *x = row[column];
                }
            }
        }
    }
}

/// Unpacks into rows, a square at a time.
struct UnpackRows<'a, E: Real> {
    packed: &'a Packed<E>,
    columns: Range<usize>,
    data: &'a mut [E],
}

impl<E: Real> MachineKernel<E> for UnpackRows<'_, E> {
    type Output = ();
    #[inline(always)]
    fn run<M: Machine<E>>(self) {
        let columns = self.columns.len();
        let squared = in_squares(columns);
        for (place, rows) in self.data.chunks_mut(LANES * columns).enumerate() {
            let block = &self.packed.block::<M::Lanes>(place)[self.columns.clone()];
            for (first, from) in (0..squared).step_by(LANES).zip(block[..squared].chunks(LANES)) {
                let mut square = [M::Lanes::zero(); LANES];
                transpose_part::<E, M>(from, &mut square);
                for (i, row) in rows.chunks_exact_mut(columns).enumerate() {
                    store_part(square[i], &mut row[first..columns.min(first + LANES)]);
                }
            }
            let whole = &self.packed.data[place * self.packed.columns..][..self.packed.columns];
            let narrow = &whole[self.columns.clone()][squared..];
            for (column, from) in (squared..).zip(narrow) {
                for (row, &x) in rows.chunks_exact_mut(columns).zip(&from.0) {
                    row[column] = x;
                }
            }
        }
    }
}

/// Copies the rows with these indices.
struct SelectRows<'a, E: Real> {
    from: &'a Packed<E>,
    indices: &'a [u32],
    to: &'a mut Packed<E>,
}

impl<E: Real> MachineKernel<E> for SelectRows<'_, E> {
    type Output = ();
    #[inline(always)]
    fn run<M: Machine<E>>(self) {
        let Packed { data, rows, columns } = self.from;
        let mut last = 0;
        for &row in self.indices {
            last = last.max(row);
        }
        assert!(self.indices.is_empty() || (last as usize) < *rows, "row {last} of {rows}");
        let blocks = self.to.data.chunks_exact_mut(*columns);
        for (to, rows) in blocks.zip(self.indices.chunks(LANES)) {
            for (column, to) in to.iter_mut().enumerate() {
                let number = |row: u32| {
                    let (block, lane) = (row as usize / LANES, row as usize % LANES);
                    data[block * columns + column].0[lane]
                };
                to.0 = [E::ZERO; LANES];
                match rows.as_array::<LANES>() {
                    // The known length lets the compiler unroll the loop.
                    Some(rows) => {
                        for (i, &row) in rows.iter().enumerate() {
                            to.0[i] = number(row);
                        }
                    }
                    None => {
                        for (i, &row) in rows.iter().enumerate() {
                            to.0[i] = number(row);
                        }
                    }
                }
            }
        }
    }
}

/// Copies the columns with these indices.
struct SelectColumns<'a, E: Real> {
    from: &'a Packed<E>,
    indices: &'a [u32],
    to: &'a mut Packed<E>,
}

impl<E: Real> MachineKernel<E> for SelectColumns<'_, E> {
    type Output = ();
    #[inline(always)]
    fn run<M: Machine<E>>(self) {
        let blocks = self.from.blocks::<M::Lanes>().zip(self.to.blocks_mut::<M::Lanes>());
        for (from, to) in blocks {
            for (to, &index) in to.iter_mut().zip(self.indices) {
                *to = from[index as usize];
            }
        }
    }
}

/// Transposes a matrix, a square at a time.
struct Transpose<'a, E: Real> {
    from: &'a Packed<E>,
    to: &'a mut Packed<E>,
}

impl<E: Real> MachineKernel<E> for Transpose<'_, E> {
    type Output = ();
    #[inline(always)]
    fn run<M: Machine<E>>(self) {
        let Self { from, to } = self;
        let rows = from.rows;
        for (place, block) in from.blocks::<M::Lanes>().enumerate() {
            let first = place * LANES;
            let targets = to.blocks_mut::<M::Lanes>();
            for (columns, target) in block.chunks(LANES).zip(targets) {
                transpose_part::<E, M>(columns, &mut target[first..rows.min(first + LANES)]);
            }
        }
    }
}
