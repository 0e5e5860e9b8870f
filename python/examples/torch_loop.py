"""A PyTorch loop of one's own under the farm, on a dataset file that al_prepare made.

al_mpi python/examples/torch_loop.yaml dataset.path=tiles.h5
"""
import h5py
import numpy as np
import torch
from torch import nn

import al_mpi


class TorchLoop(al_mpi.Engine):
    strategies = ("random_sampling", "margin")

    def configure(self, settings, threads):
        if not settings["dataset.path"]:
            raise al_mpi.ConfigError("dataset.path: a dataset file of al_prepare is expected")
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(True)
        with h5py.File(settings["dataset.path"]) as file:
            mean, std = (file[f"normalization/{name}"][:][:, None, None] for name in ("mean", "std"))
            self.x, self.x_test = (torch.from_numpy((file[f"{split}/images"][:] - mean) / std).float()
                                   for split in ("train", "test"))
            self.y, self.y_test = (torch.from_numpy(file[f"{split}/labels"][:].astype("int64"))
                                   for split in ("train", "test"))
            self.n_classes = len(file["classes"])
        self.n_pool = len(self.x)

    def train(self, trial, round, labeled):
        options = trial.settings
        torch.manual_seed(trial.seed_of("torch", round))
        self.network = nn.Sequential(nn.Conv2d(self.x.shape[1], 16, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(4),
                                     nn.Flatten(), nn.Linear(16 * 16, self.n_classes))
        optimiser = torch.optim.SGD(self.network.parameters(), options["training.learning_rate"],
                                    options["training.momentum"], weight_decay=options["training.weight_decay"])
        for _ in range(options["training.epochs"]):
            for batch in torch.randperm(len(labeled)).split(options["training.batch_size"]):
                chosen = torch.from_numpy(labeled)[batch]
                loss = nn.functional.cross_entropy(self.network(self.x[chosen]), self.y[chosen])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
            trial.alive()
        probabilities = self.predict(self.x_test)
        metrics, confusion = al_mpi.scores(self.y_test.numpy(), probabilities.argmax(axis=1), self.n_classes)
        return {**metrics, "train_loss": float(loss)}, confusion

    def predict(self, x):
        with torch.no_grad():
            return torch.cat([self.network(part).softmax(1) for part in x.split(256)]).numpy()

    def choose(self, trial, round, labeled, candidates, n):
        if trial.strategy == "random_sampling":
            return trial.rng("query", round).permutation(candidates)[:n]
        p = np.sort(self.predict(self.x[torch.from_numpy(candidates)]), axis=1)
        score = p[:, -2] - p[:, -1]
        best = np.argsort(-score, kind="stable")[:n]
        return candidates[best], score[best]

    def label(self, trial, indices):
        return self.y[torch.from_numpy(indices)].numpy()


if __name__ == "__main__":
    TorchLoop().serve()
