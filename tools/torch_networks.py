"""Networks of `martlet architectures` in PyTorch, with the same names of parameters: for tools/compare-training."""
import torch
from torch import nn
from torch.nn import functional


class LeNet5(nn.Module):
    size, channels, data = 28, 1, "mnist"
    mean, deviation = [0.0], [255.0]

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(functional.relu(self.conv2(x)), 2)
        x = functional.relu(self.fc2(functional.relu(self.fc1(x.flatten(1)))))
        return self.fc3(x)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        self.stride, self.missing = stride, outputs - inputs

    def forward(self, x):
        result = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        if self.stride > 1:
            x = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.missing // 2, self.missing - self.missing // 2))
        return functional.relu(result + x)


class ResNet20(nn.Module):
    size, channels, data = 32, 3, "cifar10"
    mean, deviation = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        inputs = 16
        for stage, outputs in enumerate((16, 32, 64)):
            blocks = []
            for block in range(3):
                blocks.append(Block(inputs, outputs, 2 if stage and block == 0 else 1))
                inputs = outputs
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        x = functional.relu(self.bn1(self.conv1(x)))
        return self.linear(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


def eight(channels):
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest


def layer(inputs, outputs, kernel=1, stride=1, groups=1):
    return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(outputs)]


class Inverted(nn.Module):
    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        parts = [nn.Sequential(*layer(inputs, hidden), nn.ReLU6())] if expansion != 1 else []
        parts.append(nn.Sequential(*layer(hidden, hidden, 3, stride, hidden), nn.ReLU6()))
        self.conv = nn.Sequential(*parts, *layer(hidden, outputs))
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


class MobileNetV2(nn.Module):
    size, channels, data = 224, 3, "cifar10"
    mean, deviation = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]

    def __init__(self, width=0.25):
        super().__init__()
        inputs = eight(32 * width)
        features = [nn.Sequential(*layer(3, inputs, 3, 2), nn.ReLU6())]
        for expansion, channels, repeats, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
                                                     (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)):
            for block in range(repeats):
                outputs = eight(channels * width)
                features.append(Inverted(inputs, outputs, stride if block == 0 else 1, expansion))
                inputs = outputs
        last = eight(1280 * width)
        features.append(nn.Sequential(*layer(inputs, last), nn.ReLU6()))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Identity(), nn.Linear(last, 10))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


NETWORKS = {"lenet-5": LeNet5, "resnet-20": ResNet20, "mobilenet-v2": MobileNetV2}


def optimizer(method, network, rate, decay):
    """The optimizer of `martlet train`'s options: weights of products decay, biases and normalizations do not."""
    products = [p for p in network.parameters() if p.dim() > 1]
    others = [p for p in network.parameters() if p.dim() <= 1]
    groups = [{"params": products, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
    makers = {
        "sgd": lambda: torch.optim.SGD(groups, lr=rate, momentum=0.9),
        "nesterov": lambda: torch.optim.SGD(groups, lr=rate, momentum=0.9, nesterov=True),
        "rmsprop": lambda: torch.optim.RMSprop(groups, lr=rate, alpha=0.99),
        "adam": lambda: torch.optim.Adam(groups, lr=rate),
        "adamw": lambda: torch.optim.AdamW(groups, lr=rate),
    }
    return makers[method]()
