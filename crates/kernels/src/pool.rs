//! Memory that is used again: a step of training asks for the same sizes as the step before.

use std::ops::{Deref, DerefMut};

/// Buffers that wait to be used again, by the thread that dropped them.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Pool<T> {
    /// By length; few lengths are in use at a time.
    spare: Vec<(usize, Vec<Vec<T>>)>,
}

/// Buffers of one length that wait at most; more are given back to the system.
const MOST_SPARE: usize = 16;

impl<T> Pool<T> {
    pub(crate) const fn new() -> Self {
        Self { spare: Vec::new() }
    }

    fn take(&mut self, length: usize) -> Option<Vec<T>> {
        self.spare.iter_mut().find(|(l, _)| *l == length)?.1.pop()
    }

    fn put(&mut self, buffer: Vec<T>) {
        let length = buffer.len();
        match self.spare.iter_mut().find(|(l, _)| *l == length) {
            Some((_, same)) if same.len() < MOST_SPARE => same.push(buffer),
            Some(_) => {}
            None => {
                let mut same = Vec::with_capacity(MOST_SPARE);
                same.push(buffer);
                self.spare.push((length, same));
            }
        }
    }
}

/// A type whose buffers are used again.
#[doc(hidden)]
pub trait Pooled: Copy + Default + 'static {
    fn with_pool<R>(use_pool: impl FnOnce(&mut Pool<Self>) -> R) -> Option<R>;
}

/// Calls a function with the pool of a type, of this thread.
macro_rules! pool_of {
    ($type:ty, $use_pool:ident) => {{
        thread_local! {
            static POOL: std::cell::RefCell<$crate::pool::Pool<$type>> =
                const { std::cell::RefCell::new($crate::pool::Pool::new()) };
        }
        // Not there while the thread ends: then buffers are not kept.
        POOL.try_with(|pool| $use_pool(&mut pool.borrow_mut())).ok()
    }};
}
pub(crate) use pool_of;

impl Pooled for u32 {
    fn with_pool<R>(use_pool: impl FnOnce(&mut Pool<Self>) -> R) -> Option<R> {
        pool_of!(u32, use_pool)
    }
}

/// Numbers whose memory is used again after they are dropped.
#[derive(Debug)]
pub struct Buffer<T: Pooled>(Vec<T>);

impl<T: Pooled> Buffer<T> {
    /// `length` numbers of any value: whoever asks for them writes every one.
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
    fn a_buffer_is_used_again_for_its_own_length_alone() {
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
    fn a_shelf_keeps_so_many_of_a_length() {
        let mut pool = Pool::new();
        for length in [3, 5] {
            (0..MOST_SPARE + 3).for_each(|_| pool.put(vec![0u8; length]));
        }
        for length in [5, 3] {
            let taken = (0..MOST_SPARE).map(|_| pool.take(length));
            assert!(taken.flatten().all(|buffer| buffer.len() == length));
            assert!(pool.take(length).is_none());
        }
        assert!(pool.take(4).is_none());
    }

    /// Nothing is kept of no length.
    #[test]
    fn an_empty_buffer_takes_no_place() {
        drop(Buffer::<u32>::scratch(0));
        assert_eq!(u32::with_pool(|pool| pool.take(0).is_none()), Some(true));
    }
}
