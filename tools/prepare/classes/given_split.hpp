#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/prepare/classes/class_folders.hpp"
#include <al_mpi/data/dataset.hpp>

namespace al_mpi {

/// Fills in `folders.splits` from lists of names: the pool's, the validation set's and the test
/// set's (of two lists: the pool's and the test set's). A list has a name a line; folder and
/// extension of a name do not matter. Images that no list names are left out. Returns what the user
/// should know. Throws DataError: a list that cannot be read or names none of the images, a name in
/// two lists, a name that more than one image has.
std::vector<std::string> split_by_lists(ClassFolders& folders,
                                        const std::vector<std::string>& files);

/// Whether `split` is "longitude" or "blocks=KM", that is, divides images by where they lie.
bool splits_by_place(const std::string& split);

/// The split of every image, such that images of different splits lie apart. "longitude": from west
/// to east the pool, the validation and the test set. "blocks=KM": squares of that side go as a
/// whole to one split, drawn by `seed`, until the test and the validation set have at least as many
/// images as asked for. Throws ConfigError: no number of km, more images asked for than there are.
std::vector<std::string> split_by_place(const std::vector<Place>& places,
                                        const SplitRequest& request);

}  // namespace al_mpi
