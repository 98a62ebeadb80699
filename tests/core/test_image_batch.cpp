#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "check.hpp"
#include "image/image.hpp"

using namespace ressin;

namespace {

std::vector<float> wave(std::ptrdiff_t n, float phase) {
  std::vector<float> x(n);
  for (std::ptrdiff_t i = 0; i < n; ++i)
    x[i] = std::sin(0.05F * static_cast<float>(i) + phase) + 0.001F * static_cast<float>(i);
  return x;
}

ImageItem<float> item_of(const std::vector<float>& x, double rate) {
  ImageItem<float> item{};
  for (auto& channel : item.channels) channel = x.data();
  item.n = static_cast<std::ptrdiff_t>(x.size());
  item.rate = rate;
  return item;
}

}  // namespace

TEST("rows begin within half a sample of their second, and as many fit as there are") {
  for (double rate : {1.0, 1.5, 4.0, 7.5, 31.25, 50.0, 1000.0 / 3.0}) {
    for (std::ptrdiff_t n : {0, 1, 7, 100, 12345}) {
      const Grid grid = make_grid(n, rate);
      for (std::ptrdiff_t row = 0; row < grid.rows; ++row)
        CHECK_NEAR(static_cast<double>(grid.start(row)), static_cast<double>(row) * rate, 0.5 + 1e-9);
      if (grid.rows > 0) CHECK(grid.samples() <= n);
      CHECK(grid.start(grid.rows) + grid.columns > n);
    }
  }
}

TEST("threads, and lengths before, leave every picture of a batch as it is alone, bit for bit") {
  std::vector<std::vector<float>> signals;
  std::vector<ImageItem<float>> items;
  const double rates[] = {50.0, 4.0, 31.25, 224.0, 300.0};
  for (int i = 0; i < 37; ++i) signals.push_back(wave(700 + 53 * i, static_cast<float>(i)));
  for (int i = 0; i < 37; ++i) {
    items.push_back(item_of(signals[i], rates[i % 5]));
    items[i].shift_y = i % 7 - 3;
    items[i].shift_x = 2 * (i % 4) - 3;
  }
  for (bool antialias : {false, true}) {
    for (std::ptrdiff_t size : {33, 64}) {
      ImageSettings settings;
      settings.size = size;
      settings.antialias = antialias;
      settings.n_channels = 2;
      settings.mean[1] = 0.25F;
      const std::ptrdiff_t pixels = 2 * size * size;
      std::vector<float> together(37 * pixels), alone(pixels);
      CHECK_EQUAL(make_images(items.data(), 37, settings, together.data(), 4), -1);
      for (std::ptrdiff_t i = 0; i < 37; ++i) {
        CHECK_EQUAL(make_images(&items[i], 1, settings, alone.data(), 1), -1);
        std::ptrdiff_t different = 0;
        for (std::ptrdiff_t k = 0; k < pixels; ++k) different += alone[k] != together[i * pixels + k];
        CHECK_EQUAL(different, 0);
      }
    }
  }
}

TEST("a batch too large for the cache holds the same bits, whatever its place in memory") {
  std::vector<std::vector<float>> signals;
  std::vector<ImageItem<float>> items;
  for (int i = 0; i < 30; ++i) signals.push_back(wave(700 + 53 * i, static_cast<float>(i)));
  for (int i = 0; i < 30; ++i) {
    items.push_back(item_of(signals[i], 50.0));
    items[i].shift_y = i % 7 - 3;
    items[i].shift_x = 2 * (i % 4) - 3;
  }
  for (std::ptrdiff_t size : {224, 225}) {
    ImageSettings settings;
    settings.size = size;
    settings.mean[1] = 0.25F;
    const std::ptrdiff_t pixels = 3 * size * size;
    std::vector<float> memory(30 * pixels + 4), alone(pixels);
    for (std::ptrdiff_t skip : {0, 1}) {
      float* together = memory.data() + skip;
      CHECK_EQUAL(make_images(items.data(), 30, settings, together, 2), -1);
      for (std::ptrdiff_t i = 0; i < 30; ++i) {
        CHECK_EQUAL(make_images(&items[i], 1, settings, alone.data(), 1), -1);
        std::ptrdiff_t different = 0;
        for (std::ptrdiff_t k = 0; k < pixels; ++k) different += alone[k] != together[i * pixels + k];
        CHECK_EQUAL(different, 0);
      }
    }
  }
}

TEST("the first recording with a sample that is not finite is named") {
  std::vector<std::vector<float>> signals(40, wave(500, 0.0F));
  signals[13][250] = std::numeric_limits<float>::quiet_NaN();
  signals[31][0] = std::numeric_limits<float>::infinity();
  std::vector<ImageItem<float>> items;
  for (const auto& x : signals) items.push_back(item_of(x, 50.0));
  ImageSettings settings;
  settings.size = 16;
  settings.n_channels = 1;
  std::vector<float> out(40 * 16 * 16);
  CHECK_EQUAL(make_images(items.data(), 40, settings, out.data(), 4), 13);
  CHECK_EQUAL(make_images(items.data(), 13, settings, out.data(), 4), -1);
}

TEST("a picture read back is the grid it was drawn from, where it was enlarged") {
  for (std::ptrdiff_t columns : {1, 2, 4, 50, 63, 64}) {
    for (std::ptrdiff_t rows : {2, 3, 45, 63, 64}) {
      const std::vector<float> x = wave(rows * columns, 1.0F);
      ImageSettings settings;
      settings.size = 64;
      settings.n_channels = 1;
      const auto item = item_of(x, static_cast<double>(columns));
      std::vector<float> picture(64 * 64);
      CHECK_EQUAL(make_images(&item, 1, settings, picture.data(), 1), -1);
      std::vector<double> grid(rows * columns);
      read_image(picture.data(), 64, rows, columns, grid.data());
      float low = x[0], high = x[0];
      for (float v : x) low = std::fmin(low, v), high = std::fmax(high, v);
      double worst = 0.0;
      for (std::ptrdiff_t i = 0; i < rows * columns; ++i)
        worst = std::fmax(worst, std::fabs(grid[i] - (x[i] - low) / (high - low)));
      CHECK_NEAR(worst, 0.0, 2e-5);
    }
  }
}

TEST("a shift of any size stays inside the picture's memory") {
  const std::vector<float> x = wave(500, 0.0F);
  ImageSettings settings;
  settings.size = 20;
  settings.n_channels = 1;
  settings.mean[0] = 0.5F;
  for (std::ptrdiff_t shift : {-1000, -21, -20, -19, 19, 20, 1000}) {
    auto item = item_of(x, 50.0);
    item.shift_y = shift;
    item.shift_x = -shift;
    std::vector<float> out(20 * 20);
    CHECK_EQUAL(make_images(&item, 1, settings, out.data(), 1), -1);
    if (std::abs(shift) >= 20)
      for (float pixel : out) CHECK_EQUAL(pixel, -0.5F);
  }
}
