//! A matrix whose rows are worked on sixteen at a time.

use crate::recycle::{Buffer, Recycled, Shelf};
use crate::simd::{LANES, Lanes, Machine, MachineTask, TILE};
use crate::{Real, rowwise};

/// [`LANES`] numbers, aligned for every register.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub struct Sixteen<E>([E; LANES]);

impl<E: Real> Recycled for Sixteen<E> {
    fn with_shelf<R>(use_shelf: impl FnOnce(&mut Shelf<Self>) -> R) -> Option<R> {
        E::with_packed_shelf(use_shelf)
    }
}

/// A rows × columns matrix in blocks of [`LANES`] rows: within a block the sixteen numbers of a
/// column lie side by side, so that one [`Lanes`] value is a column of sixteen rows. The last
/// block is filled up with rows of zeros.
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
        let mut packed = Self::any(rows, columns);
        packed.data.fill(Sixteen([E::ZERO; LANES]));
        packed
    }

    /// A matrix of any numbers, for a function that writes all of them.
    ///
    /// # Panics
    /// If there are no columns.
    pub fn any(rows: usize, columns: usize) -> Self {
        assert!(columns > 0, "a packed matrix has columns");
        Self { data: Buffer::any(rows.div_ceil(LANES) * columns), rows, columns }
    }

    /// Packs a matrix that lies row after row.
    ///
    /// # Panics
    /// If `data` is not made of whole rows.
    pub fn pack(data: &[E], columns: usize) -> Self {
        let mut packed = Self::any(data.len() / columns.max(1), columns);
        assert_eq!(data.len() % columns, 0, "whole rows of {columns}");
        E::on_machine(PackRows { data, packed: &mut packed });
        packed
    }

    /// Packs a matrix that lies column after column.
    ///
    /// # Panics
    /// If `data` is not made of whole columns, or they have no rows.
    pub fn from_columns(data: &[E], rows: usize) -> Self {
        assert!(rows > 0, "columns of a packed matrix have rows");
        assert_eq!(data.len() % rows, 0, "whole columns of {rows}");
        let mut packed = Self::any(rows, data.len() / rows);
        let columns = packed.columns;
        for (column, data) in data.chunks_exact(rows).enumerate() {
            for (block, data) in data.chunks(LANES).enumerate() {
                let sixteen = &mut packed.data[block * columns + column].0;
                // Of known length: moved by registers, not by a call.
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

    /// The matrix column after column.
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

    /// The numbers in another type, each the nearest that it has.
    pub fn cast<F: Real>(&self) -> Packed<F> {
        let mut cast = Packed::<F>::any(self.rows, self.columns);
        for (to, from) in cast.data.iter_mut().zip(self.data.iter()) {
            for (to, from) in to.0.iter_mut().zip(from.0) {
                *to = F::of(from.widen());
            }
        }
        cast
    }

    /// Row `first` and every `step`-th after it.
    ///
    /// # Panics
    /// If the rows are not a multiple of `step`, or `first` is not below it.
    pub fn every(&self, step: usize, first: usize) -> Self {
        assert!(first < step && self.rows.is_multiple_of(step), "one row of every {step}");
        let mut rows = Self::zeros(self.rows / step, self.columns);
        for row in 0..rows.rows {
            for column in 0..rows.columns {
                rows.set(row, column, self.get(row * step + first, column));
            }
        }
        rows
    }

    /// The matrix with every row `times` times in succession.
    pub fn repeat_rows(self, times: usize) -> Self {
        if times == 1 {
            return self;
        }
        let mut repeated = Self::zeros(self.rows * times, self.columns);
        for row in 0..repeated.rows {
            let (from, to) = (row / times, row / LANES * self.columns);
            for column in 0..self.columns {
                repeated.data[to + column].0[row % LANES] = self.get(from, column);
            }
        }
        repeated
    }

    /// The matrix with every `times` successive rows added up.
    ///
    /// # Panics
    /// If the rows are not a multiple of `times`, or that is 0.
    pub fn sum_rows(self, times: usize) -> Self {
        assert!(times > 0, "groups of no rows");
        assert_eq!(self.rows % times, 0, "rows in groups of {times}");
        if times == 1 {
            return self;
        }
        let mut sums = Self::zeros(self.rows / times, self.columns);
        for row in 0..self.rows {
            let to = row / times;
            for column in 0..self.columns {
                let sixteen = &mut sums.data[to / LANES * self.columns + column];
                sixteen.0[to % LANES] += self.get(row, column);
            }
        }
        sums
    }

    /// Adds a matrix of the same shape.
    pub fn add(&mut self, other: &Self) {
        rowwise! {
            fn add(other => sum) {
                for k in 0..other.len() {
                    sum[k] += other[k];
                }
            }
        }
        add(other, self);
    }

    /// Subtracts a matrix of the same shape.
    pub fn subtract(&mut self, other: &Self) {
        rowwise! {
            fn subtract(other => difference) {
                for k in 0..other.len() {
                    difference[k] = difference[k] - other[k];
                }
            }
        }
        subtract(other, self);
    }

    /// The logarithm of every element.
    pub fn ln(&self) -> Self {
        rowwise! {
            fn ln(=> numbers) {
                for x in numbers {
                    *x = x.ln();
                }
            }
        }
        let mut logarithms = self.clone();
        ln(&mut logarithms);
        logarithms
    }

    /// Σ_k a_k b_k of each row, [rows, 1].
    pub fn row_dots(&self, other: &Self) -> Self {
        rowwise! {
            fn dots(a, b => dot) {
                dot[0] = crate::rows::dot(a, b);
            }
        }
        let mut products = Self::zeros(self.rows, 1);
        dots(self, other, &mut products);
        products
    }

    /// The matrix row after row.
    pub fn unpack(&self) -> Vec<E> {
        let mut data = vec![E::ZERO; self.rows * self.columns];
        self.add_scaled_to(E::ONE, &mut data);
        data
    }

    /// Adds the matrix to one that lies row after row.
    ///
    /// # Panics
    /// If `data` has another number of elements.
    pub fn add_to(&self, data: &mut [E]) {
        self.add_scaled_to(E::ONE, data);
    }

    /// Adds the matrix times `scale` to one that lies row after row.
    ///
    /// # Panics
    /// If `data` has another number of elements.
    pub fn add_scaled_to(&self, scale: E, data: &mut [E]) {
        assert_eq!(data.len(), self.rows * self.columns, "a sum of equal shapes");
        E::on_machine(AddRows { packed: self, scale, data });
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
    /// If there is no such element.
    pub fn get(&self, row: usize, column: usize) -> E {
        assert!(row < self.rows && column < self.columns, "element ({row}, {column})");
        self.data[row / LANES * self.columns + column].0[row % LANES]
    }

    /// Sets the element of a row and column.
    ///
    /// # Panics
    /// If there is no such element.
    pub fn set(&mut self, row: usize, column: usize, x: E) {
        assert!(row < self.rows && column < self.columns, "element ({row}, {column})");
        self.data[row / LANES * self.columns + column].0[row % LANES] = x;
    }

    /// Sets a column, from a matrix of one.
    ///
    /// # Panics
    /// If there is no such column, or the rows differ.
    pub fn set_column(&mut self, column: usize, from: &Self) {
        assert!(column < self.columns, "column {column}");
        assert_eq!((self.rows, 1), (from.rows, from.columns), "a column of {} rows", self.rows);
        let places = self.data.iter_mut().skip(column).step_by(self.columns);
        places.zip(from.data.iter()).for_each(|(to, from)| *to = *from);
    }

    /// The block of rows 16·`index` and on, one value a column.
    ///
    /// # Panics
    /// If there is no such block.
    #[inline(always)]
    pub fn block<V: Lanes<E>>(&self, index: usize) -> &[V] {
        &self.numbers()[index * self.columns..][..self.columns]
    }

    /// The blocks in order, each as one value a column.
    #[inline(always)]
    pub fn blocks<V: Lanes<E>>(&self) -> std::slice::ChunksExact<'_, V> {
        self.numbers().chunks_exact(self.columns)
    }

    /// The blocks in order, to be changed.
    #[inline(always)]
    pub fn blocks_mut<V: Lanes<E>>(&mut self) -> std::slice::ChunksExactMut<'_, V> {
        let columns = self.columns;
        self.numbers_mut().chunks_exact_mut(columns)
    }

    /// Every sixteen numbers in storage order: block by block, column by column.
    #[inline(always)]
    pub fn numbers<V: Lanes<E>>(&self) -> &[V] {
        // SAFETY: `Lanes` values are `Plain`: sixteen numbers of E with an alignment of at most 64,
        // which is what a `Sixteen<E>` is and has.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr().cast(), self.data.len()) }
    }

    /// Every sixteen numbers in storage order, to be changed.
    #[inline(always)]
    pub fn numbers_mut<V: Lanes<E>>(&mut self) -> &mut [V] {
        // SAFETY: as in `numbers`, and the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_mut_ptr().cast(), self.data.len()) }
    }

    /// Every number in storage order, the padding rows too.
    pub(crate) fn storage_mut(&mut self) -> &mut [E] {
        let numbers = self.data.len() * LANES;
        // SAFETY: a `Sixteen<E>` is `repr(C)` around `[E; 16]`, whose size (64 or 128 bytes) is a
        // multiple of its alignment: the numbers lie without gaps. The borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_mut_ptr().cast(), numbers) }
    }
}

/// Rows into packed columns, a square tile at a time.
struct PackRows<'a, E: Real> {
    data: &'a [E],
    packed: &'a mut Packed<E>,
}

impl<E: Real> MachineTask<E> for PackRows<'_, E> {
    type Output = ();
    #[inline(always)]
    fn run<M: Machine<E>>(self) {
        let columns = self.packed.columns;
        let blocks = self.packed.data.chunks_exact_mut(columns);
        for (block, rows) in blocks.zip(self.data.chunks(LANES * columns)) {
            if rows.len() < LANES * columns {
                block.fill(Sixteen([E::ZERO; LANES]));
                for (lane, row) in rows.chunks_exact(columns).enumerate() {
                    for (sixteen, &x) in block.iter_mut().zip(row) {
                        sixteen.0[lane] = x;
                    }
                }
                continue;
            }
            let tiled = columns - columns % TILE;
            for column in (0..tiled).step_by(TILE) {
                for lane in (0..LANES).step_by(TILE) {
                    let mut tile = [[E::ZERO; TILE]; TILE];
                    for (i, tile) in tile.iter_mut().enumerate() {
                        let start = (lane + i) * columns + column;
                        tile.copy_from_slice(&rows[start..start + TILE]);
                    }
                    M::transpose(&mut tile);
                    for (i, tile) in tile.iter().enumerate() {
                        block[column + i].0[lane..lane + TILE].copy_from_slice(tile);
                    }
                }
            }
            for column in tiled..columns {
                for lane in 0..LANES {
                    block[column].0[lane] = rows[lane * columns + column];
                }
            }
        }
    }
}

/// Packed columns onto rows, a square tile at a time.
struct AddRows<'a, E: Real> {
    packed: &'a Packed<E>,
    scale: E,
    data: &'a mut [E],
}

impl<E: Real> MachineTask<E> for AddRows<'_, E> {
    type Output = ();
    #[inline(always)]
    fn run<M: Machine<E>>(self) {
        let (columns, scale) = (self.packed.columns, self.scale);
        let blocks = self.packed.data.chunks_exact(columns);
        for (block, rows) in blocks.zip(self.data.chunks_mut(LANES * columns)) {
            let tiled = if rows.len() < LANES * columns { 0 } else { columns - columns % TILE };
            for column in (0..tiled).step_by(TILE) {
                for lane in (0..LANES).step_by(TILE) {
                    let mut tile = [[E::ZERO; TILE]; TILE];
                    for (i, tile) in tile.iter_mut().enumerate() {
                        tile.copy_from_slice(&block[column + i].0[lane..lane + TILE]);
                    }
                    M::transpose(&mut tile);
                    for (i, tile) in tile.iter().enumerate() {
                        let start = (lane + i) * columns + column;
                        for (sum, &x) in rows[start..start + TILE].iter_mut().zip(tile) {
                            *sum += scale * x;
                        }
                    }
                }
            }
            for (lane, row) in rows.chunks_exact_mut(columns).enumerate() {
                for (sum, sixteen) in row[tiled..].iter_mut().zip(&block[tiled..]) {
                    *sum += scale * sixteen.0[lane];
                }
            }
        }
    }
}
