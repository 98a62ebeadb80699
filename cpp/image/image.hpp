// From signal to image and back (Yin et al. 2019, section 3.2): one second of signal a row, resized to a square grey image.
//
// A recording of n samples at `rate` Hz becomes a grid of T rows and w = round(rate) columns: row s starts at sample
// round(s rate) (halves up), so that it begins within half a sample of its second whatever the rate, and T counts the rows
// that fit: an incomplete last second is dropped. Each channel is scaled by its own minimum and maximum to [0, 1] (a
// constant channel becomes zeros), or from two given values to 0 and 1, and resized with half-pixel centres.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ressin {

// How a recording is laid out in rows of one second.
struct Grid {
  double rate;                                                          // Hz
  std::ptrdiff_t rows;                                                  // T, whole seconds
  std::ptrdiff_t columns;                                               // w, samples a row
  std::ptrdiff_t start(std::ptrdiff_t row) const;                       // first sample of the row
  std::ptrdiff_t samples() const { return start(rows - 1) + columns; }  // samples that the grid covers
};

// rows may come out as 0 or 1: an image needs two.
Grid make_grid(std::ptrdiff_t n, double rate);

inline constexpr int max_channels = 8;

struct ImageSettings {
  std::ptrdiff_t size = 224;  // pixels of either side
  bool antialias = false;     // weigh every sample under a pixel (a triangle filter) where the grid is larger than the image
  int n_channels = 3;
  bool given = false;        // `low` and `high` become 0 and 1, for every channel; else each channel's own minimum and maximum
  double low = 0, high = 1;  // what lies outside them is drawn below 0 and above 1
  float mean[max_channels] = {};  // subtracted from the channel's pixels, the ones cropped in from outside included
};

// One recording of a batch. Real is float or double.
template <class Real>
struct ImageItem {
  const Real* channels[max_channels];  // n samples each
  std::ptrdiff_t n;
  double rate;                 // Hz
  std::ptrdiff_t shift_y = 0;  // pixels: image row 0 shows row shift_y; outside the picture is 0 (minus the mean)
  std::ptrdiff_t shift_x = 0;
};

// Writes (n_items, n_channels, size, size) to out, the items divided between n_threads threads (0: every core). Returns the
// first item that holds a sample that is not finite, or -1; such a channel becomes NaN.
template <class Real>
std::ptrdiff_t make_images(const ImageItem<Real>* items, std::ptrdiff_t n_items, const ImageSettings& settings, float* out,
                           int n_threads);

// The instruction set that make_images uses on this machine.
const char* image_instruction_set();

// The grid (rows, columns) behind an image (size, size): the least-squares inverse of the resize along a side on which the
// grid was enlarged, linear interpolation along a side on which it was reduced. Values stay in [0, 1] up to rounding.
void read_image(const float* image, std::ptrdiff_t size, std::ptrdiff_t rows, std::ptrdiff_t columns, double* grid);

}  // namespace ressin
