// Rows that are worked on at once: such that neighbours stay neighbours, whatever the height.
#pragma once

#include "vouch.cuh"

// Of every 2^log_period rows the 2^log_run from `first` on. Its rows are numbered in their order.
struct Part {
    uint32_t first;
    uint32_t log_run;
    uint32_t log_period;
};

// The row of a number.
DEVICE uint32_t row_at(const Part &part, uint32_t number) {
    uint32_t run = number >> part.log_run;
    return (run << part.log_period) + part.first + (number - (run << part.log_run));
}
