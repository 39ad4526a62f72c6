"""The reference program, as one writes it with PyTorch, runs here with only its imports changed, and learns the same.

The text below is run twice, with PyTorch's names and with ours, on the same images and from the same weights.
"""

import numpy
import pytest

PYTORCH_IMPORTS = """
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset
"""

OUR_IMPORTS = """
import tinygrad_edu as torch
import tinygrad_edu.nn as nn
import tinygrad_edu.nn.functional as F
import tinygrad_edu.optim as optim
from tinygrad_edu.utils.data import DataLoader, TensorDataset
"""

PROGRAM = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, 1)  # flatten all dimensions except batch
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        x = self.fc3(x)
        return x


trainset = TensorDataset(torch.tensor(images), torch.tensor(labels))
trainloader = DataLoader(trainset, batch_size=4, shuffle=False)

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
net = Net()
net.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
net.to(device)

criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.001, momentum=0.9)

for epoch in range(2):  # loop over the dataset multiple times
    running_loss = 0.0
    for i, data in enumerate(trainloader, 0):
        # get the inputs; data is a list of [inputs, labels]
        inputs, targets = data[0].to(device), data[1].to(device)

        # zero the parameter gradients
        optimizer.zero_grad()

        # forward + backward + optimize
        outputs = net(inputs)
        loss = criterion(outputs, targets)
        loss.backward()
        optimizer.step()

        # print statistics
        losses.append(loss.item())
        running_loss += loss.item()
        if i % 10 == 9:  # print every 10 mini-batches
            print(f"[{epoch + 1}, {i + 1:5d}] loss: {running_loss / 10:.3f}")
            running_loss = 0.0

print("Finished Training")

correct = 0
total = 0
# since we're not training, we don't need to calculate the gradients for our outputs
with torch.no_grad():
    for data in DataLoader(trainset, batch_size=20):
        inputs, targets = data[0].to(device), data[1].to(device)
        outputs = net(inputs)
        # the class with the highest energy is what we choose as prediction
        _, predicted = torch.max(outputs, 1)
        total += targets.size(0)
        correct += (predicted == targets).sum().item()

print(f"Accuracy of the network on the {total} training images: {100 * correct // total} %")
"""


def starting_weights(rng):
    """What PyTorch's layers start from in distribution: uniform within 1 / √fan_in."""
    shapes = {"conv1": (6, 3, 5, 5), "conv2": (16, 6, 5, 5), "fc1": (120, 400), "fc2": (84, 120), "fc3": (10, 84)}
    weights = {}
    for layer, shape in shapes.items():
        bound = numpy.prod(shape[1:]) ** -0.5
        weights[f"{layer}.weight"] = rng.uniform(-bound, bound, shape).astype("float32")
        weights[f"{layer}.bias"] = rng.uniform(-bound, bound, shape[0]).astype("float32")
    return weights


def run(imports):
    """The names the program leaves behind, after running it on data that are the same each time."""
    rng = numpy.random.default_rng(0)
    labels = rng.integers(0, 10, 100)
    images = rng.normal(size=(100, 3, 32, 32)) * 0.5 + labels[:, None, None, None] / 5.0 - 1.0
    names = {"weights": starting_weights(rng), "images": images.astype("float32"), "labels": labels, "losses": []}
    exec(compile(imports + PROGRAM, "reference program", "exec"), names)
    return names


def test_the_reference_program_runs_with_only_its_imports_changed(capsys):
    names = run(OUR_IMPORTS)
    printed = capsys.readouterr().out
    assert printed.count("loss: ") == 4
    assert "Finished Training" in printed
    assert "on the 100 training images" in printed
    assert len(names["losses"]) == 50
    assert numpy.isfinite(names["losses"]).all()


def test_from_equal_weights_its_losses_follow_pytorchs_for_50_steps(capsys):
    pytest.importorskip("torch", reason="PyTorch is the oracle here")
    ours, theirs = run(OUR_IMPORTS), run(PYTORCH_IMPORTS)
    first, second = capsys.readouterr().out.split("Finished Training")[:2]
    assert numpy.abs(numpy.subtract(ours["losses"], theirs["losses"])).max() < 1e-4
    assert ours["correct"] == theirs["correct"]
    assert ours["total"] == theirs["total"] == 100
    assert first.splitlines() == second.split("Accuracy")[1].splitlines()[1:]  # what the two printed while training
    for name, value in theirs["net"].state_dict().items():
        numpy.testing.assert_allclose(ours["net"].state_dict()[name].numpy(), value.numpy(), atol=1e-4)
