#include <algorithm>
#include <cstring>

#include "hdf5_handle.hpp"
#include "packed_chunks.hpp"
#include <al_mpi/base/huge_pages.hpp>

namespace al_mpi {
namespace {

constexpr std::size_t rows_a_chunk = 8192;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

/// Where a column lies in a packed row.
struct Field {
  Handle type;
  std::size_t offset = 0;
  std::size_t size = 0;
};

template <class T>
Handle number_type(const Place& place) {
  return place.own(H5Tcopy(native_type(element_type<T>())), "make a column type");
}

Handle column_type(const ColumnSource& column, const Place& place) {
  return std::visit(
      Overloaded{[&](const RowSource<char>&) { return string_type(column.text_length, place); },
                 [&](const auto& rows) {
                   using T = std::decay_t<decltype(*rows(0, 0))>;
                   return number_type<T>(place);
                 }},
      column.rows);
}

/// A column that is in memory as a whole.
ColumnSource source_of(const TableColumn& column) {
  return std::visit(Overloaded{[&](const std::vector<std::string>& values) {
                                 std::size_t length = 1;
                                 for (const auto& value : values)
                                   length = std::max(length, value.size());
                                 const auto get = [&values](std::size_t i) -> const std::string& {
                                   return values[i];
                                 };
                                 return ColumnSource{column.name, each_text(length, get), length};
                               },
                               [&](const auto& values) {
                                 using T = typename std::decay_t<decltype(values)>::value_type;
                                 return ColumnSource{
                                     column.name,
                                     RowSource<T>([&values](std::size_t first, std::size_t) {
                                       return values.data() + first;
                                     })};
                               }},
                    column.values);
}

struct Layout {
  std::vector<Field> fields;
  std::size_t row_size = 0;

  void add(Handle type) {
    const std::size_t size = H5Tget_size(type);
    fields.push_back({std::move(type), row_size, size});
    row_size += size;
  }
};

template <class Column>
Handle compound_type(const std::vector<Column>& columns, const Layout& layout, const Place& place) {
  Handle compound = place.own(H5Tcreate(H5T_COMPOUND, layout.row_size), "make a table type");
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Field& field = layout.fields[i];
    place.checked(H5Tinsert(compound, columns[i].name.c_str(), field.offset, field.type),
                  "make a table type (is a column named twice?)");
  }
  return compound;
}

/// The `count` rows from `first` on, column after column.
void pack(const std::vector<ColumnSource>& columns, const Layout& layout, std::size_t first,
          std::size_t count, BytePlanes& planes) {
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const Field& field = layout.fields[c];
    std::visit(
        [&](const auto& rows) { planes.put(rows(first, count), field.size, count, field.offset); },
        columns[c].rows);
  }
}

/// Appends `count` rows, column after column.
void unpack(const BytePlanes& planes, const Layout& layout, std::size_t count, Table& table) {
  for (std::size_t c = 0; c < table.size(); ++c) {
    const Field& field = layout.fields[c];
    std::visit(Overloaded{[&](std::vector<std::string>& values) {
                            std::string text(count * field.size, '\0');
                            planes.take(text.data(), field.size, count, field.offset);
                            for (std::size_t at = 0; at < text.size(); at += field.size)
                              values.emplace_back(&text[at], strnlen(&text[at], field.size));
                          },
                          [&](auto& values) {
                            const std::size_t first = values.size();
                            values.resize(first + count);
                            planes.take(values.data() + first, field.size, count, field.offset);
                          }},
               table[c].values);
  }
}

Handle block_space(std::size_t rows, const Place& place) {
  const hsize_t extent = rows;
  return place.own(H5Screate_simple(1, &extent, nullptr), "select rows");
}

Handle select_rows(hid_t dataset, std::size_t first, std::size_t rows, const Place& place) {
  Handle space = place.own(H5Dget_space(dataset), "select rows");
  const hsize_t start = first, count = rows;
  place.checked(H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, nullptr, &count, nullptr),
                "select rows");
  return space;
}

Handle table_type(hid_t dataset, const Place& place) {
  Handle type = place.own(H5Dget_type(dataset), "read the type");
  if (H5Tget_class(type) != H5T_COMPOUND || shape_of(dataset, place).size() != 1) {
    throw DataError(place.file, place.object, "expected a table");
  }
  return type;
}

std::vector<std::string> column_names(hid_t type) {
  std::vector<std::string> names;
  const int n = H5Tget_nmembers(type);
  for (int i = 0; i < n; ++i) {
    char* name = H5Tget_member_name(type, static_cast<unsigned>(i));
    names.emplace_back(name);
    H5free_memory(name);
  }
  return names;
}

/// `count` rows from `first` on, by way of HDF5.
BytePlanes read_rows(hid_t dataset, hid_t type, std::size_t first, std::size_t count,
                     const Place& place) {
  std::vector<char> rows(count * H5Tget_size(type));
  place.checked(H5Dread(dataset, type, block_space(count, place),
                        select_rows(dataset, first, count, place), H5P_DEFAULT, rows.data()),
                "read the table");
  BytePlanes planes{count, std::vector<std::uint8_t>(rows.size())};
  planes.put(rows.data(), H5Tget_size(type), count, 0);
  return planes;
}

/// Lays the columns out as the stored rows are, if they are stored in the types they are read as.
bool follow(hid_t stored, const Table& table, Layout& layout, const Place& place) {
  const std::size_t row_size = H5Tget_size(stored);
  std::vector<std::size_t> offsets;
  for (std::size_t c = 0; c < table.size(); ++c) {
    const auto member = static_cast<unsigned>(H5Tget_member_index(stored, table[c].name.c_str()));
    const Field& field = layout.fields[c];
    const Handle type = place.own(H5Tget_member_type(stored, member), "read the type");
    offsets.push_back(H5Tget_member_offset(stored, member));
    const bool inside = offsets[c] <= row_size && field.size <= row_size - offsets[c];
    if (!inside || H5Tequal(type, field.type) <= 0) return false;
  }
  for (std::size_t c = 0; c < table.size(); ++c) layout.fields[c].offset = offsets[c];
  layout.row_size = row_size;
  return true;
}

/// An empty column for the stored member `name`, and the memory type it is read as.
std::pair<TableColumn, Handle> column_for(hid_t type, const std::string& name, const Place& place) {
  const int member = H5Tget_member_index(type, name.c_str());
  if (member < 0) {
    throw DataError(place.file, place.object, fmt::format("the column '{}' is missing", name));
  }
  const Handle stored =
      place.own(H5Tget_member_type(type, static_cast<unsigned>(member)), "read the type");
  TableColumn column{name, {}};
  switch (H5Tget_class(stored)) {
    case H5T_STRING:
      if (H5Tis_variable_str(stored) > 0) break;
      column.values = std::vector<std::string>();
      return {std::move(column), string_type(H5Tget_size(stored), place)};
    case H5T_FLOAT:
      column.values = std::vector<double>();
      return {std::move(column), number_type<double>(place)};
    case H5T_INTEGER:
      if (element_type_of(stored) == ElementType::int32) {
        column.values = std::vector<std::int32_t>();
        return {std::move(column), number_type<std::int32_t>(place)};
      }
      column.values = std::vector<std::int64_t>();
      return {std::move(column), number_type<std::int64_t>(place)};
    default:
      break;
  }
  throw DataError(place.file, place.object, fmt::format("column '{}' is of another type", name));
}

}  // namespace

void Hdf5File::write_table(const std::string& dataset, const Table& table) {
  const auto size = [](const TableColumn& column) {
    return std::visit([](const auto& values) { return values.size(); }, column.values);
  };
  const std::size_t n_rows = table.empty() ? 0 : size(table.front());
  std::vector<ColumnSource> columns;
  for (const auto& column : table) {
    check(size(column) == n_rows, "{}: column {} has {} rows, not {}", dataset, column.name,
          size(column), n_rows);
    columns.push_back(source_of(column));
  }
  write_table(dataset, n_rows, columns);
}

void Hdf5File::write_table(const std::string& dataset, std::size_t n_rows,
                           const std::vector<ColumnSource>& columns) {
  const Place place{path_, dataset};
  check(!columns.empty(), "{}: a table without columns", dataset);
  Layout layout;
  for (const auto& column : columns) layout.add(column_type(column, place));
  const Handle type = compound_type(columns, layout, place);
  const Handle space = block_space(n_rows, place);
  const auto chunk = static_cast<std::int64_t>(std::clamp<std::size_t>(n_rows, 1, rows_a_chunk));
  const Handle created =
      place.own(H5Dcreate2(id_, dataset.c_str(), type, space, link_creation(place),
                           creation_properties({{chunk}, 1}, place), H5P_DEFAULT),
                "create the table");
  auto chunks = PackedChunks::of(created, place);
  check(chunks.has_value(), "{}: a table in no packed chunks", dataset);
  chunks->write(
      n_rows,
      [&](std::size_t first, std::size_t count, BytePlanes& planes) {
        pack(columns, layout, first, count, planes);
      },
      place);
}

std::vector<std::string> Hdf5File::columns(const std::string& dataset) const {
  const Place place{path_, dataset};
  return column_names(table_type(open_dataset(id_, place), place));
}

Table Hdf5File::read_table(const std::string& dataset,
                           const std::vector<std::string>& names) const {
  const Place place{path_, dataset};
  const Handle opened = open_to_read(id_, place);
  const Handle stored = table_type(opened, place);
  Table table;
  Layout layout;
  for (const auto& name : names.empty() ? column_names(stored) : names) {
    auto [column, type] = column_for(stored, name, place);
    table.push_back(std::move(column));
    layout.add(std::move(type));
  }
  auto chunks =
      follow(stored, table, layout, place) ? PackedChunks::of(opened, place) : std::nullopt;
  const Handle type = compound_type(table, layout, place);
  const auto rows = static_cast<std::size_t>(shape_of(opened, place)[0]);
  for (auto& column : table) {
    std::visit([&](auto& values) { reserve_huge(values, rows); }, column.values);
  }
  const std::size_t rows_a_block = chunks ? chunks->values_a_chunk() : rows_a_chunk;
  BytePlanes planes;
  for (std::size_t i = 0, first = 0; first < rows; ++i, first += rows_a_block) {
    const std::size_t count = std::min(rows_a_block, rows - first);
    if (!chunks || !chunks->read(i, planes)) {
      planes = read_rows(opened, type, first, count, place);
    }
    unpack(planes, layout, count, table);
  }
  return table;
}

}  // namespace al_mpi
