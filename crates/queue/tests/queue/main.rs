//! The queue as its users see it, in memory and on a Redis server that the tests start themselves.
#![cfg(test)]

mod both_back_ends;
mod on_redis;
mod support;
