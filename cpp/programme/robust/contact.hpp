// Where electrodes lose contact for a moment: a level far above the signal was not measured.
//
// Responses only add to the level of the skin. Where that level is above the signal by more than three deviations of the
// noise, electrodes conduct less than the skin does, and what is missing belongs to the contact: a shift of the level as
// it was measured, for as long as it lasts. Nor is a measured level below zero. The programme itself has these shortfalls
// among its outliers and its residual; its optimum and its proof are those of the parts before.
#pragma once

#include <cstddef>
#include <vector>

namespace ressin::robust {

struct Contact {
  std::vector<double> change;    // (n,) what the level takes on; zero where it was measured, and without weight
  std::vector<double> outlying;  // (n,) of which so much was an outlier; the rest was residual
};

// `noise`: the deviation on means over blocks. The smaller of this and of that from sample to sample counts, so that the
// level keeps to both.
Contact lost_contact(const double* y, const double* weights, const std::vector<double>& tonic,
                     const std::vector<double>& outliers, double noise, bool bounded);

// Deviation of a signal's noise from sample to sample, by the median of its second differences; not below what rounding to
// its smallest step makes.
double sample_noise(const double* y, const double* weights, std::ptrdiff_t n);

}  // namespace ressin::robust
