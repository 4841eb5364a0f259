//! Tests of whole figures.

mod cases;
mod document;
mod draws;
mod laws;

use crate::{Figure, Palette, convergence, sensitivity, variance};

type Draw = fn(&Figure, &Palette) -> String;
const LINES: [Draw; 3] = [convergence, variance, sensitivity];
