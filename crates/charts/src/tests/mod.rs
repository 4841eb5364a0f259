//! Tests of whole figures.

mod cases;
mod document;
mod draws;
mod laws;

use crate::{Drawing, Figure, Palette, convergence, sensitivity, variance};

type Draw = fn(&Figure, &Palette) -> Drawing;
const LINES: [Draw; 3] = [convergence, variance, sensitivity];
