#pragma once

#include <memory>
#include <vector>

#include <al_mpi/data/dataset.hpp>

namespace al_mpi {

/// A dataset that keeps what its views point to: mapped files or arrays.
class OwnedDataset : public Dataset {
 public:
  template <class T>
  const T& keep(std::shared_ptr<const T> owner) {
    owners_.push_back(owner);
    return *owner;
  }

 private:
  std::vector<std::shared_ptr<const void>> owners_;
};

}  // namespace al_mpi
