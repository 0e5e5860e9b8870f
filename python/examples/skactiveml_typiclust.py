"""A strategy of scikit-activeml in a sweep: its TypiClust on the embeddings.

external: {strategies: {skactiveml_typiclust: {command: [python3, skactiveml_typiclust.py], needs: [embeddings]}}}
"""
import numpy as np
from skactiveml.pool import TypiClust

import al_mpi


@al_mpi.strategy
def skactiveml_typiclust(arrays, n, seed):
    y = np.where(arrays["labels"] < 0, np.nan, arrays["labels"].astype(float))
    strategy = TypiClust(random_state=seed, missing_label=np.nan)
    return strategy.query(arrays["embeddings"], y, candidates=arrays.candidates, batch_size=n)
