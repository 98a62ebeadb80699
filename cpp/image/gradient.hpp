// The transpose of make_images: from a loss's gradient in the pixels to that in the samples.
//
// With s the grid scaled to [0, 1], pixel = W_y s W_x' - mean, so the grid's gradient is W_y' g W_x. A sample x enters as
// s = (x - low)/(high - low), and the samples that are low and high (the first of each) also move the scale.
#pragma once

#include <cstddef>

#include "image/image.hpp"

namespace ressin {

// `to_pixels` is (n_items, n_channels, size, size); item i's gradient is written to to_channels[i * n_channels + c], as many
// samples as the recording has, zero where the grid does not reach and for a constant channel.
template <class Real>
void make_image_gradients(const ImageItem<Real>* items, std::ptrdiff_t n_items, const ImageSettings& settings,
                          const float* to_pixels, Real* const* to_channels, int n_threads);

}  // namespace ressin
