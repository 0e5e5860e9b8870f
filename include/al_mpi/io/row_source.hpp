#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace al_mpi {

/// A function that makes rows while they are written, so that a dataset of gigabytes is never in
/// memory as a whole. It returns where rows first .. first + count lie, valid until its next call,
/// and is asked for each row once, in order.
template <class T>
using RowSource = std::function<const T*(std::size_t first, std::size_t count)>;

/// One column of a table as it is written.
struct ColumnSource {
  std::string name;
  std::variant<RowSource<std::int32_t>, RowSource<std::int64_t>, RowSource<double>, RowSource<char>>
      rows;
  std::size_t text_length = 1;  ///< of RowSource<char>: bytes a row, padded with zeros
};

/// Row i is get(i).
template <class T, class Get>
RowSource<T> each_row(Get get) {
  return [get = std::move(get), values = std::vector<T>()](std::size_t first,
                                                           std::size_t count) mutable {
    values.resize(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = get(first + i);
    return std::as_const(values).data();
  };
}

/// Row i is the text get(i), of at most `length` bytes.
template <class Get>
RowSource<char> each_text(std::size_t length, Get get) {
  return [length, get = std::move(get), text = std::string()](std::size_t first,
                                                              std::size_t count) mutable {
    text.assign(count * length, '\0');
    for (std::size_t i = 0; i < count; ++i) get(first + i).copy(&text[i * length], length);
    return std::as_const(text).data();
  };
}

}  // namespace al_mpi
