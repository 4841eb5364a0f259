//! Matrices in blocks of sixteen rows, which kernels process together.

mod arithmetic;
mod order;

pub(crate) use order::{load_part, store_part};

use crate::Real;
use crate::pool::Buffer;
use crate::simd::{LANES, Lanes, Sixteen};

/// A rows × columns matrix in blocks of [`LANES`] rows. Within a block, the sixteen numbers of a
/// column are contiguous, so one [`Lanes`] value is a column of sixteen rows. The last block is
/// padded with more rows, which do not belong to the matrix.
#[derive(Clone, Debug)]
pub struct Packed<E: Real> {
    data: Buffer<Sixteen<E>>,
    rows: usize,
    columns: usize,
}

impl<E: Real> Packed<E> {
    /// A matrix of zeros.
    ///
    /// # Panics
    /// If there are no columns.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self::filled(rows, columns, E::ZERO)
    }

    /// A matrix of the same number everywhere, including the padding.
    ///
    /// # Panics
    /// If there are no columns.
    pub fn filled(rows: usize, columns: usize, x: E) -> Self {
        let mut packed = Self::scratch(rows, columns);
        packed.data.fill(Sixteen([x; LANES]));
        packed
    }

    /// A matrix with arbitrary contents, for a caller that overwrites all of them.
    ///
    /// # Panics
    /// If there are no columns, or more numbers than memory can hold.
    pub fn scratch(rows: usize, columns: usize) -> Self {
        assert!(columns > 0, "a packed matrix has columns");
        match rows.div_ceil(LANES).checked_mul(columns) {
            Some(count) => Self { data: Buffer::scratch(count), rows, columns },
            None => panic!("a matrix of {rows} × {columns} numbers"),
        }
    }

    /// The matrix in another type, each number rounded to the nearest.
    pub fn cast<F: Real>(&self) -> Packed<F> {
        let mut cast = Packed::<F>::scratch(self.rows, self.columns);
        for (to, from) in cast.data.iter_mut().zip(self.data.iter()) {
            for (to, from) in to.0.iter_mut().zip(from.0) {
                *to = F::of(from.widen());
            }
        }
        cast
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The element of a row and column.
    ///
    /// # Panics
    /// If the row or the column is out of range.
    pub fn get(&self, row: usize, column: usize) -> E {
        assert!(row < self.rows && column < self.columns, "element ({row}, {column})");
        self.data[row / LANES * self.columns + column].0[row % LANES]
    }

    /// Sets the element of a row and column.
    ///
    /// # Panics
    /// If the row or the column is out of range.
    pub fn set(&mut self, row: usize, column: usize, x: E) {
        assert!(row < self.rows && column < self.columns, "element ({row}, {column})");
        self.data[row / LANES * self.columns + column].0[row % LANES] = x;
    }

    /// A column, as a matrix with one column.
    ///
    /// # Panics
    /// If the column is out of range.
    pub fn column(&self, column: usize) -> Self {
        assert!(column < self.columns, "column {column}");
        let mut alone = Self::scratch(self.rows, 1);
        let places = self.data.iter().skip(column).step_by(self.columns);
        alone.data.iter_mut().zip(places).for_each(|(to, from)| *to = *from);
        alone
    }

    /// Sets a column, from a matrix with one column.
    ///
    /// # Panics
    /// If the column is out of range, or the numbers of rows differ.
    pub fn set_column(&mut self, column: usize, from: &Self) {
        assert!(column < self.columns, "column {column}");
        assert_eq!((self.rows, 1), (from.rows, from.columns), "a column of {} rows", self.rows);
        let places = self.data.iter_mut().skip(column).step_by(self.columns);
        places.zip(from.data.iter()).for_each(|(to, from)| *to = *from);
    }

    /// The block of sixteen rows that starts at row 16·`index`, one value per column.
    ///
    /// # Panics
    /// If the index is out of range.
    #[inline(always)]
    pub fn block<V: Lanes<E>>(&self, index: usize) -> &[V] {
        &self.numbers()[index * self.columns..][..self.columns]
    }

    /// The block of sixteen rows that starts at row 16·`index`, mutably.
    ///
    /// # Panics
    /// If the index is out of range.
    #[inline(always)]
    pub fn block_mut<V: Lanes<E>>(&mut self, index: usize) -> &mut [V] {
        let columns = self.columns;
        &mut self.numbers_mut()[index * columns..][..columns]
    }

    /// `C` columns of a block, from `column` on.
    ///
    /// # Panics
    /// If they are out of range.
    #[inline(always)]
    pub(crate) fn columns_of<V: Lanes<E>, const C: usize>(
        &self,
        block: usize,
        column: usize,
    ) -> &[V; C] {
        match self.block(block)[column..].first_chunk() {
            Some(columns) => columns,
            None => panic!("columns of a block"),
        }
    }

    /// `C` columns of a block, from `column` on, mutably.
    #[inline(always)]
    pub(crate) fn columns_of_mut<V: Lanes<E>, const C: usize>(
        &mut self,
        block: usize,
        column: usize,
    ) -> &mut [V; C] {
        match self.block_mut(block)[column..].first_chunk_mut() {
            Some(columns) => columns,
            None => panic!("columns of a block"),
        }
    }

    /// The number of blocks, with the padded one.
    #[inline(always)]
    pub(crate) fn blocks_of_rows(&self) -> usize {
        self.rows.div_ceil(LANES)
    }

    /// The start of a block.
    #[inline(always)]
    pub(crate) fn block_start(&self, index: usize) -> *const Sixteen<E> {
        self.data.as_ptr().wrapping_add(index * self.columns)
    }

    /// The blocks in order, each with one value per column.
    #[inline(always)]
    pub fn blocks<V: Lanes<E>>(&self) -> std::slice::ChunksExact<'_, V> {
        self.numbers().chunks_exact(self.columns)
    }

    /// The blocks in order, mutably.
    #[inline(always)]
    pub fn blocks_mut<V: Lanes<E>>(&mut self) -> std::slice::ChunksExactMut<'_, V> {
        let columns = self.columns;
        self.numbers_mut().chunks_exact_mut(columns)
    }

    /// All numbers in storage order, sixteen to a value: block by block, column by column.
    #[inline(always)]
    pub fn numbers<V: Lanes<E>>(&self) -> &[V] {
        const { V::IS_PLAIN };
        // SAFETY: `Lanes` values are `Plain`, which was just checked: sixteen numbers of E with an
        // alignment of at most 64, which is what a `Sixteen<E>` is and has.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr().cast(), self.data.len()) }
    }

    /// All numbers in storage order, mutably.
    #[inline(always)]
    pub fn numbers_mut<V: Lanes<E>>(&mut self) -> &mut [V] {
        const { V::IS_PLAIN };
        // SAFETY: as in `numbers`, and the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_mut_ptr().cast(), self.data.len()) }
    }

    /// All numbers in storage order, including the padding.
    pub(crate) fn storage(&self) -> &[E] {
        let numbers = self.data.len() * LANES;
        // SAFETY: a `Sixteen<E>` is `repr(C)` around `[E; 16]`, whose size (64 or 128 bytes) is a
        // multiple of its alignment: the numbers have no gaps between them.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr().cast(), numbers) }
    }

    /// All numbers in storage order, including the padding, mutably.
    pub(crate) fn storage_mut(&mut self) -> &mut [E] {
        let numbers = self.data.len() * LANES;
        // SAFETY: as in `storage`, and the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_mut_ptr().cast(), numbers) }
    }
}
