//! A buffer pool: each training step needs buffers of the same lengths as the step before.

use std::ops::{Deref, DerefMut};

/// The unused buffers of a thread.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Pool<T> {
    /// By length: a list, as only a few lengths are in use at a time.
    spare: Vec<(usize, Vec<Vec<T>>)>,
    /// Their memory, and the most that it may be.
    bytes: usize,
    most: usize,
}

/// The most memory that unused buffers of a thread have. A step takes back what the step before has put, so only
/// buffers of lengths that are out of use add up to it. A buffer with more than an eighth of it is not kept: it is
/// that of a whole data set rather than of a step.
const MOST_BYTES: usize = 256 << 20;

impl<T> Pool<T> {
    pub(crate) const fn new() -> Self {
        Self { spare: Vec::new(), bytes: 0, most: MOST_BYTES }
    }

    fn take(&mut self, length: usize) -> Option<Vec<T>> {
        let buffer = self.spare.iter_mut().find(|(l, _)| *l == length)?.1.pop()?;
        self.bytes -= size_of_val(&buffer[..]);
        Some(buffer)
    }

    fn put(&mut self, buffer: Vec<T>) {
        let (length, bytes) = (buffer.len(), size_of_val(&buffer[..]));
        if bytes > self.most / 8 {
            return;
        }
        if self.bytes + bytes > self.most {
            (self.spare, self.bytes) = (Vec::new(), 0);
        }
        self.bytes += bytes;
        match self.spare.iter_mut().find(|(l, _)| *l == length) {
            Some((_, same)) => same.push(buffer),
            None => self.spare.push((length, vec![buffer])),
        }
    }
}

/// An element type whose buffers are pooled.
#[doc(hidden)]
pub trait Pooled: Copy + Default + 'static {
    fn with_pool<R>(use_pool: impl FnOnce(&mut Pool<Self>) -> R) -> Option<R>;
}

/// Calls a function with this thread's pool for a type.
macro_rules! pool_of {
    ($type:ty, $use_pool:ident) => {{
        thread_local! {
            static POOL: std::cell::RefCell<$crate::pool::Pool<$type>> =
                const { std::cell::RefCell::new($crate::pool::Pool::new()) };
        }
        // While the thread ends, the pool may be gone already; then buffers are freed.
        POOL.try_with(|pool| $use_pool(&mut pool.borrow_mut())).ok()
    }};
}
pub(crate) use pool_of;

impl Pooled for u32 {
    fn with_pool<R>(use_pool: impl FnOnce(&mut Pool<Self>) -> R) -> Option<R> {
        pool_of!(u32, use_pool)
    }
}

/// A slice whose memory goes back to the pool when it is dropped.
#[derive(Debug)]
pub struct Buffer<T: Pooled>(Vec<T>);

impl<T: Pooled> Buffer<T> {
    /// A buffer with arbitrary contents, for a caller that overwrites all of them.
    pub(crate) fn scratch(length: usize) -> Self {
        let used = T::with_pool(|pool| pool.take(length)).flatten();
        Self(used.unwrap_or_else(|| vec![T::default(); length]))
    }
}

impl<T: Pooled> Drop for Buffer<T> {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.0);
        if !buffer.is_empty() {
            T::with_pool(|pool| pool.put(buffer));
        }
    }
}

impl<T: Pooled> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        let mut copy = Self::scratch(self.len());
        copy.copy_from_slice(self);
        copy
    }
}

impl<T: Pooled> From<Vec<T>> for Buffer<T> {
    fn from(numbers: Vec<T>) -> Self {
        Self(numbers)
    }
}

impl<T: Pooled> Deref for Buffer<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Pooled> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_reused_only_for_its_own_length() {
        let mut first = Buffer::<u32>::scratch(7919);
        assert_eq!(first[..], [0; 7919]);
        first.fill(3);
        let place = first.as_ptr();
        drop(first);
        assert_ne!(Buffer::<u32>::scratch(7918).as_ptr(), place);
        let again = Buffer::<u32>::scratch(7919);
        assert_eq!((again.as_ptr(), again[0]), (place, 3));
        let copy = again.clone();
        assert_ne!(copy.as_ptr(), place);
        assert_eq!(copy[..], again[..]);
        assert_eq!(Buffer::from(vec![1u32, 2])[..], [1, 2]);
    }

    #[test]
    fn a_pool_keeps_all_buffers_of_a_step() {
        let mut pool = Pool::new();
        for length in [3, 5] {
            (0..100).for_each(|_| pool.put(vec![0u8; length]));
        }
        for length in [5, 3] {
            let mut taken = (0..100).map(|_| pool.take(length));
            assert!(taken.all(|buffer| buffer.is_some_and(|buffer| buffer.len() == length)));
            assert!(pool.take(length).is_none());
        }
        assert!(pool.take(4).is_none());
        assert_eq!(pool.bytes, 0);
    }

    #[test]
    fn a_pool_has_a_limited_memory() {
        let mut pool = Pool { most: 1024, ..Pool::new() };
        let buffer = |length: usize| vec![0u32; length];
        pool.put(buffer(33));
        assert!(pool.take(33).is_none(), "it is more than an eighth");
        (0..8).for_each(|_| pool.put(buffer(32)));
        assert_eq!(pool.bytes, 1024);
        // One more, and those of before are freed.
        pool.put(buffer(1));
        assert_eq!(pool.bytes, 4);
        assert!(pool.take(32).is_none() && pool.take(1).is_some());
    }

    #[test]
    fn an_empty_buffer_is_not_pooled() {
        drop(Buffer::<u32>::scratch(0));
        assert_eq!(u32::with_pool(|pool| pool.take(0).is_none()), Some(true));
    }
}
