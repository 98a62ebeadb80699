// What is known of the samples before a programme's first one.
#pragma once

#include <array>
#include <cstddef>

namespace ressin {

// 1/2 c'Jc - h'c over the three oldest knots, J row by row.
inline constexpr std::size_t n_past = 3;
struct Past {
  std::array<double, n_past * n_past> J{};
  std::array<double, n_past> h{};
};

}  // namespace ressin
