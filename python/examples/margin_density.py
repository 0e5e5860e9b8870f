"""Uncertain samples in crowded places: margin times the mean similarity to the pool, with NumPy alone.

external: {strategies: {margin_density: {command: [python3, margin_density.py], needs: [probs, embeddings]}}}
Reference: Settles & Craven, An analysis of active learning strategies for sequence labeling tasks (2008), section 4.4.
"""
import numpy as np

import al_mpi


@al_mpi.strategy
def margin_density(arrays, n, seed, beta=1.0):
    candidates = arrays.candidates
    p = np.sort(arrays["probs"][candidates].astype(float), axis=1)
    uncertainty = 1 - (p[:, -1] - p[:, -2])
    x = arrays["embeddings"].astype(float)
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    density = x[candidates] @ x.mean(axis=0)  # mean cosine to the pool
    score = uncertainty * np.maximum(density, 0) ** beta
    best = np.argsort(-score, kind="stable")[:n]
    return candidates[best], score[best]
