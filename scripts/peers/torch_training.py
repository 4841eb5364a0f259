"""What training in PyTorch shares: one thread, configurations, noise, parameters and Adam."""

import networks
import torch
from measure import Configuration

torch.set_num_threads(1)

CONFIGURATIONS = {
    "eager": Configuration({"fused": False, "compiled": False}),
    "fused Adam": Configuration({"fused": True, "compiled": False}),
    "compiled": Configuration({"fused": True, "compiled": True}),
}


def exponentials(shape):
    return -torch.log(torch.rand(shape).clamp_(networks.TINY, 1 - 2**-24))


def gumbels(shape):
    return -torch.log(exponentials(shape))


def learned(layers):
    """The weight and bias of each layer in turn, as trainable tensors."""
    return [torch.from_numpy(number).requires_grad_() for layer in layers for number in layer]


def layers(parameters):
    """The layers with their current values, in the form that `learned` takes."""
    trained = [parameter.detach().numpy() for parameter in parameters]
    return list(zip(trained[::2], trained[1::2]))


def adam(rate, parameters, fused, decay=0.0):
    betas = networks.BETA1, networks.BETA2
    if decay:
        return torch.optim.AdamW(
            parameters, rate, betas, networks.EPSILON, weight_decay=decay, fused=fused
        )
    return torch.optim.Adam(parameters, rate, betas, networks.EPSILON, fused=fused)


def take_step(optimizer, scalar):
    optimizer.zero_grad(set_to_none=True)
    scalar.backward()
    optimizer.step()
