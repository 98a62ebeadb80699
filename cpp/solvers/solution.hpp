// What every solver of the programme returns, and how a solve can end.
#pragma once

#include <vector>

#include "programme/certificate.hpp"

namespace ressin {

enum class Status {
  optimal,         // the certificate's relative gap is within the tolerance
  inaccurate,      // rounding ended the solve before the tolerance, or the iterations ran out with a gap within 1e-6
  max_iterations,  // the iterations ran out
  failed,          // numerical failure
};

struct Solution {
  Point point;
  Parts parts;
  std::vector<double> residual;   // (n,) e = r + t - y, the dual witness
  std::vector<double> curvature;  // (n,) multiplier over driver, in the kernel's unit of the driver; empty if not kept
  Certificate certificate;
  Status status = Status::failed;
  int iterations = 0;
};

}  // namespace ressin
