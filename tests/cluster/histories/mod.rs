//! Sixty-four clients write down what they asked for and what they were answered, and checkers judge whether a correct
//! site can have answered like that: see [`toolcrib_tests::history`].

mod counters;
mod crowd;
mod guilty;
mod lists;
mod nemesis;
mod panels;
mod recorder;
mod workshop;
