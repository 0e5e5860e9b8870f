"""scikit-learn's digits, learnt by a random forest: a model of one's own under the farm.

al_mpi python/examples/digits_forest.yaml
"""
import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier

import al_mpi


class DigitsForest(al_mpi.Engine):
    strategies = ("random_sampling", "forest_margin")

    def configure(self, settings, threads):
        digits = load_digits()
        order = np.random.default_rng(0).permutation(len(digits.target))
        self.x, self.y = digits.data[order], digits.target[order]
        self.n_pool = 1200  # the other 597 are the test set
        self.threads = threads

    def train(self, trial, round, labeled):
        self.forest = RandomForestClassifier(100, n_jobs=self.threads, random_state=trial.seed_of("forest", round))
        self.forest.fit(self.x[labeled], self.y[labeled])
        return al_mpi.scores(self.y[self.n_pool:], self.forest.predict(self.x[self.n_pool:]), 10)

    def choose(self, trial, round, labeled, candidates, n):
        if trial.strategy == "random_sampling":
            return trial.rng("query", round).permutation(candidates)[:n]
        p = np.sort(self.forest.predict_proba(self.x[candidates]), axis=1)
        score = p[:, -2] - p[:, -1]
        best = np.argsort(-score, kind="stable")[:n]
        return candidates[best], score[best]

    def label(self, trial, indices):
        return self.y[indices]


if __name__ == "__main__":
    DigitsForest().serve()
