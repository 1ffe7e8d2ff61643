"""Runs packed int8 networks.

    import martlet, numpy
    model = martlet.Model("network.martlet")
    scores = model(image)          # float32, height × width × channels

A model runs in an arena of exactly the size that its file says; a call allocates nothing but the arrays that it returns.
One `Model` is for one thread at a time; several may open the same file, whose pages they share.
"""

from ._model import Model, ModelError, Tensor

__all__ = ["Model", "ModelError", "Tensor"]
