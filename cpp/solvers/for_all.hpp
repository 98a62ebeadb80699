// Work that several threads may take parts of.
#pragma once

#include <cstddef>
#include <functional>

namespace ressin {

// Does part(0) .. part(count - 1), each once, in any order and several at a time where there are threads for them.
using Part = std::function<void(std::size_t k)>;
using ForAll = std::function<void(std::size_t count, const Part& part)>;

// part(begin, end) for pieces of [0, n); one piece where for_all is null. For work on each sample by itself: where the pieces
// lie is not seen in a result.
template <class Piece>
void over_pieces(const ForAll& for_all, std::ptrdiff_t n, Piece piece) {
  constexpr std::ptrdiff_t size = 4096;
  if (!for_all || n <= size) return piece(std::ptrdiff_t{0}, n);
  for_all(static_cast<std::size_t>((n + size - 1) / size), [&](std::size_t k) {
    const std::ptrdiff_t begin = static_cast<std::ptrdiff_t>(k) * size;
    piece(begin, n - begin < size ? n : begin + size);
  });
}

}  // namespace ressin
