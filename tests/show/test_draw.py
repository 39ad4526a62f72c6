"""The drawn graph says what the tape has: values, shapes, gradients, bytes; as valid SVG, DOT and Mermaid."""

import re
import time
import xml.etree.ElementTree

import numpy
import pytest

import tinygrad_edu as torch
from tinygrad_edu import show
from tinygrad_edu.engine import primitive
from tinygrad_edu.show.cards import byte_text, number_text, short
from tinygrad_edu.show.graph import kept_by

SVG = "{http://www.w3.org/2000/svg}"


def small():
    torch.manual_seed(0)
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    weight = torch.tensor([[0.5, -1.0], [0.25, 2.0]], requires_grad=True)
    bias = torch.tensor([0.1, 0.2], requires_grad=True)
    return x, weight, bias


def vertices(drawing):
    return {vertex.op or vertex.name or vertex.kind: vertex for vertex in drawing.graph.vertices}


def words_in(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in xml.etree.ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_operations_leaves_and_constants_are_drawn_with_their_names():
    x, weight, bias = small()
    loss = ((x @ weight + bias).tanh()).sum()
    words = words_in(show.draw(loss).svg)
    for word in ("x", "weight", "bias", "matmul", "add", "tanh", "loss = sum", "(2, 2)", "()"):
        assert word in words, word


def test_gradients_are_those_of_backward_and_nothing_is_changed():
    x, weight, bias = small()
    hidden = x @ weight + bias
    hidden.retain_grad()
    loss = (hidden.tanh() * hidden).sum()
    graph = vertices(show.draw(loss))
    assert weight.grad is None
    assert hidden.grad is None
    flowing = {name: vertex.gradient for name, vertex in graph.items()}
    loss.backward()
    numpy.testing.assert_array_equal(flowing["weight"], weight.grad.numpy())
    numpy.testing.assert_array_equal(flowing["bias"], bias.grad.numpy())
    numpy.testing.assert_array_equal(flowing["add"], hidden.grad.numpy())


def test_collected_gradients_are_shown_as_such():
    x, weight, bias = small()
    for _ in range(2):
        loss = (x @ weight + bias).sum()
        loss.backward(retain_graph=True)
    vertex = vertices(show.draw(loss))["bias"]
    numpy.testing.assert_array_equal(vertex.collected, [4.0, 4.0])
    numpy.testing.assert_array_equal(vertex.gradient, [2.0, 2.0])
    assert "[4 4]" in words_in(show.draw(loss).svg)
    assert ".grad" in words_in(show.draw(loss).svg)


def test_shapes_are_known_without_values():
    x = torch.ones(2, 3, requires_grad=True)
    loss = torch.cat([-x, x.flip(0)], 1).cumsum(0).T.sum()
    graph = vertices(show.draw(loss, names={}))
    shapes = {name: vertex.shape for name, vertex in graph.items()}
    assert shapes == {
        "leaf": (2, 3), "neg": (2, 3), "flip": (2, 3), "cat": (2, 6), "cumsum": (2, 6), "permute": (6, 2), "sum": ()
    }  # fmt: skip


def test_a_root_of_several_numbers_has_shapes_but_no_gradients():
    x = torch.ones(2, 3, requires_grad=True)
    graph = vertices(show.draw(-x.flip(0), names={}))
    assert graph["flip"].shape == (2, 3)
    assert all(vertex.gradient is None for vertex in graph.values())


def test_bytes_are_counted_once():
    x = torch.ones(100, requires_grad=True)
    loss = (x.exp() * x.sin() * x).sum()
    drawing = show.draw(loss)
    graph = vertices(drawing)
    saved = [value for vertex in drawing.graph.vertices for _, _, value in kept_by(vertex.node)]
    arrays = {id(value): value.nbytes for value in saved if isinstance(value, numpy.ndarray)}
    assert drawing.graph.kept == sum(vertex.kept for vertex in drawing.graph.vertices) == sum(arrays.values())
    assert drawing.graph.kept_in_leaves == 400
    assert graph["exp"].kept == 400


def test_ten_layers_keep_ten_activations():
    x, w, b = torch.ones(8, 16), torch.ones(16, 16, requires_grad=True), torch.zeros(16, requires_grad=True)
    for _ in range(10):
        x = (x @ w + b).tanh()
    kept = show.draw(x.sum(), bytes=True).graph
    assert kept.kept - kept.kept_in_leaves == 11 * 8 * 16 * 4  # ten results and the first input


def test_names_from_a_dictionary_either_way_and_from_a_module():
    x, weight, bias = small()
    loss = (x @ weight + bias).sum()
    for names in ({weight: "A", bias: "c"}, {"A": weight, "c": bias}):
        assert {"A", "c", "constant"} <= set(vertices(show.draw(loss, names=names)))

    class Layer:
        def __init__(self, *parameters):
            self.parameters = parameters

        def named_parameters(self):
            return zip(("inner.weight", "inner.bias"), self.parameters, strict=True)

    layer = Layer(weight, bias)
    assert {"inner.weight", "inner.bias"} <= set(vertices(show.draw(loss, names=layer)))
    assert {"weight", "bias"} <= set(vertices(show.draw(loss)))
    del weight, bias
    assert {"layer.inner.weight", "layer.inner.bias"} <= set(vertices(show.draw(loss)))


def test_a_recording_gives_every_value():
    x, weight, bias = small()
    target = torch.ones(2, 2)
    with show.record() as tape:
        loss = (x @ weight + bias - target).square().mean()
    without, with_tape = vertices(show.draw(loss, names={})), vertices(show.draw(loss, record=tape, names={}))
    assert without["matmul"].value is None
    numpy.testing.assert_array_equal(with_tape["matmul"].value, x.numpy() @ weight.numpy())
    numpy.testing.assert_allclose(with_tape["add"].value, x.numpy() @ weight.numpy() + bias.numpy())
    constants = [vertex.value for vertex in show.draw(loss, record=tape).graph.vertices if vertex.kind == "constant"]
    assert any(value is target.array for value in constants)
    assert with_tape["mean"].settings["axis"] == (0, 1)
    assert len(tape) == 5


def test_a_recording_ends_with_its_block():
    with show.record() as tape:
        pass
    torch.ones(2) + 1
    assert len(tape) == 0
    x = torch.ones(2, requires_grad=True)
    assert vertices(show.draw((x + 1).sum(), record=tape, names={}))["add"].value is None


def test_an_array_overwritten_since_is_marked():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1.0
    loss = y.exp().sum()
    with torch.no_grad():
        saved = loss.node.parents[0].saved[0][0]
        torch.Tensor(saved).zero_()
    drawing = show.draw(loss)
    assert vertices(drawing)["exp"].stale
    assert "overwritten in place" in words_in(drawing.svg)
    assert vertices(drawing)["x"].gradient is None


def test_a_freed_graph_says_so():
    x = torch.ones(2, requires_grad=True)
    loss = x.exp().sum()
    loss.backward()
    drawing = show.draw(loss)
    assert "freed" in repr(drawing)
    assert any("retain_graph=True" in word for word in words_in(drawing.svg))


def test_long_graphs_are_cut_at_the_old_end():
    x = torch.ones(2, requires_grad=True)
    y = x
    for _ in range(100):
        y = y * 1.5
    drawing = show.draw(y.sum(), max_nodes=10)
    assert drawing.graph.hidden == 92
    assert [vertex.kind for vertex in drawing.graph.vertices] == ["cut", *["op"] * 10]
    assert "92 older nodes left out" in repr(drawing)


def test_results_of_an_operation_that_has_several():
    @primitive(register=False)
    def halves(x):
        return x[:2] * 1, x[2:] * 1

    halves.defvjp(x=lambda g, x_shape: numpy.concatenate(g))
    x = torch.ones(4, requires_grad=True)
    first, _ = halves(x * 3)
    drawing = show.draw((first * first).sum())
    assert "halves[0]" in vertices(drawing)
    numpy.testing.assert_array_equal(vertices(drawing)["x"].gradient, [18.0, 18, 0, 0])


# -------------------------------------------------------------------------------------------------------- the pictures
def test_the_svg_stands_alone_and_is_well_formed_whatever_the_names():
    x = torch.ones(2, requires_grad=True)
    loss = x.exp().sum()
    svg = show.draw(loss, names={"<b>\"&' \x00\x0b\ud800 ]]> π 你好": x}).svg
    root = xml.etree.ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert "href" not in svg
    assert "<b>" not in svg
    assert any("π 你好" in word for word in words_in(svg))


def test_the_svg_does_not_depend_on_the_page_and_has_no_ids():
    x = torch.ones(2, requires_grad=True)
    svg = show.draw(x.exp().sum()).svg
    assert not re.search(r"\bid=", svg)
    assert "<style" not in svg
    assert "<script" not in svg


def test_no_words_leave_their_box():
    x, weight, bias = small()
    loss = ((x @ weight + bias).tanh().reshape(4)[torch.tensor([0, 0, 1])]).clamp(-1000.0, 1000.0).sum()
    root = xml.etree.ElementTree.fromstring(show.draw(loss).svg)
    for group in root.iter(f"{SVG}g"):
        boxes = group.findall(f"{SVG}rect")
        for text in group.findall(f"{SVG}text") if boxes else []:
            left, width = float(boxes[0].get("x")), float(boxes[0].get("width"))
            top, height = float(boxes[0].get("y")), float(boxes[0].get("height"))
            length = len(text.text) * float(text.get("font-size")) * 0.58
            before = {"middle": length / 2, "end": length}.get(text.get("text-anchor"), 0)
            start = float(text.get("x")) - before
            assert left <= start <= start + length <= left + width
            assert top < float(text.get("y")) < top + height


def test_saved_files_hold_what_their_names_say(tmp_path):
    x = torch.ones(2, requires_grad=True)
    drawing = show.draw(x.exp().sum(), file=tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8").startswith("<svg")
    assert drawing.save(tmp_path / "graph.dot").read_text(encoding="utf-8").startswith("digraph")
    assert "flowchart" in drawing.save(str(tmp_path / "graph.mmd")).read_text(encoding="utf-8")
    with pytest.raises(ValueError, match=r"ending in one of .svg, .dot"):
        drawing.save(tmp_path / "graph.png")


def test_a_notebook_gets_the_picture_or_the_text():
    x = torch.ones(2, requires_grad=True)
    assert "image/svg+xml" in show.draw(x.exp().sum())._repr_mimebundle_()
    assert show.draw(x.exp().sum())._repr_svg_().startswith("<svg")
    assert show.draw(x.exp().sum(), format="mermaid")._repr_mimebundle_()["text/plain"].startswith("%%")


def test_the_picture_does_not_tell_the_file_that_a_notebook_runs_a_cell_from():
    drawn = []
    for process in (12, 345):
        cell = compile("L = x.exp()", f"/tmp/ipykernel_{process}/6789.py", "exec")
        names = {"x": torch.tensor(1.0, requires_grad=True)}
        exec(cell, names)
        drawn.append(show.draw(names["L"], names={"x": names["x"]}).svg)
    assert drawn[0] == drawn[1]
    assert "a notebook's cell, line 1" in drawn[0].replace("&#x27;", "'")


def test_dot_and_mermaid_have_every_box_and_edge():
    x, weight, bias = small()
    drawing = show.draw((x @ weight + bias).sum(), names={'a"b': weight, "c\\d": bias, "<e>": x})
    graph = drawing.graph
    edges = list(graph.edges())
    assert len(re.findall(r"^  n\d+ -> n\d+", drawing.dot, re.M)) == len(edges) == 5
    assert len(re.findall(r"^  n\d+ --> ?", drawing.mermaid, re.M)) + drawing.mermaid.count("-->|") >= 5
    assert len(re.findall(r"^  n\d+ \[label=", drawing.dot, re.M)) == len(graph.vertices)
    assert r"a\"b" in drawing.dot
    assert r"c\\d" in drawing.dot
    assert "a#quot;b" in drawing.mermaid
    assert "&lt;e&gt;" in drawing.mermaid


def test_five_hundred_nodes_are_drawn_quickly():
    w = torch.ones(2, 2, requires_grad=True)
    h = w
    for _ in range(166):
        h = (h @ w + w).tanh()
    loss = h.sum()
    start = time.process_time()
    drawing = show.draw(loss, max_nodes=600)
    assert len(drawing.svg) < 2_000_000
    assert len(drawing.graph.vertices) == 500
    assert time.process_time() - start < 2.0  # measured: about 0.3 s


def test_tensors_of_every_device_are_drawn_and_explained(device):
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], device=device, requires_grad=True)
    with show.record() as tape:
        loss = (x.softmax(1) * x)[0].square().mean()
    words = words_in(show.draw(loss, record=tape).svg)
    assert "[1 2]" in words
    assert "∂L/∂x" in str(show.explain(loss, record=tape))


def test_wrong_arguments_are_explained():
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(TypeError, match="draw wanted a Tensor, got int"):
        show.draw(3)
    with pytest.raises(ValueError, match=r"requires_grad_\(\)"):
        show.draw(torch.ones(2).sum())
    with pytest.raises(ValueError, match="format 'svg', 'dot' or 'mermaid', got 'png'"):
        show.draw(x.sum(), format="png")
    with pytest.raises(ValueError, match="max_nodes of 1 or more"):
        show.draw(x.sum(), max_nodes=0)
    with pytest.raises(TypeError, match="names wanted a Module or a dictionary"):
        show.draw(x.sum(), names=["x"])


# ------------------------------------------------------------------------------------------------------- the words
def test_numbers_are_short():
    assert [number_text(value) for value in (0.0, 1.0, -0.12345, 1234567.0, 1e-7, 3)] == [
        "0", "1", "-0.123", "1.23e6", "1e-7", "3"
    ]  # fmt: skip
    assert [byte_text(count) for count in (0, 512, 1536, 1024 * 1023, 3 * 1024**3)] == [
        "0 B", "512 B", "1.5 KB", "1023 KB", "3 GB"
    ]  # fmt: skip


def test_arrays_are_written_out_or_summarized():
    assert short(numpy.array(2.5)) == ["2.5"]
    assert short(numpy.array([1.0, -2.0])) == ["[1 -2]"]
    assert short(numpy.array([[1.0, -2.0], [10.0, 0.5]])) == ["[ 1  -2]", "[10 0.5]"]
    assert short(numpy.zeros((0, 3))) == ["empty"]
    assert short(numpy.zeros((5, 5))) == ["all 0"]
    assert short(numpy.array([1.0, -1.0] * 8)) == ["0 ± 1"]
    assert short(numpy.array([numpy.nan, 1.0] * 8)) == ["8 of 16 not finite"]
    assert short(numpy.arange(30)) == ["0 … 29"]
    assert short(numpy.arange(30) > 9) == ["20 of 30 true"]
