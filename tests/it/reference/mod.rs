//! What a time-series query means, written down a second time as simply as possible, and the pipeline held against it on
//! thousands of random small datasets.

mod bridge;
mod choice;
mod codes;
mod documents;
mod front;
mod generate;
mod growth;
mod loading;
mod model;
mod pack;
mod question;
mod ranking;
mod said;
mod scope;
mod service;
mod tests;
mod unit;
mod vintage;
mod world;
