# ruff: noqa: E501
"""What a line of a random program may be: about three hundred operators, functions and modules of PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from eager import regions
from eager.programs import Writer, any_tensor

NAMES: dict[str, Any] = {"torch": torch, "F": F, "nn": nn, **regions.NAMES}

Line = Callable[[Writer], str]

UNARY = [
    "x.abs()",
    "x.acos()",
    "x.asin()",
    "x.atan()",
    "x.cos()",
    "x.cosh()",
    "x.erf()",
    "x.erfc()",
    "x.exp()",
    "x.exp2()",
    "x.expm1()",
    "x.frac()",
    "x.log()",
    "x.log10()",
    "x.log1p()",
    "x.log2()",
    "x.neg()",
    "x.reciprocal()",
    "x.rsqrt()",
    "x.sigmoid()",
    "x.sin()",
    "x.sinh()",
    "x.sqrt()",
    "x.square()",
    "x.tan()",
    "x.tanh()",
    "x.clamp(-0.5,0.5)",
    "x.clamp(min=0.1)",
    "x.clamp(max=0.9)",
    "x.clone()",
    "x.contiguous()",
    "x.float()",
    "x.double()",
    "x.bfloat16()",
    "x.relu()",
    "torch.logit(x*0.5+0.25)",
    "torch.nan_to_num(x)",
    "torch.sinc(x)",
    "torch.special.erfcx(x)",
    "torch.lgamma(x+1)",
    "torch.digamma(x+1)",
    "torch.i0(x)",
    "torch.erfinv(x*0.5)",
    "torch.positive(x)",
    "-x",
    "F.relu(x)",
    "F.relu6(x)",
    "F.elu(x)",
    "F.selu(x)",
    "F.celu(x)",
    "F.leaky_relu(x,0.1)",
    "F.gelu(x)",
    'F.gelu(x,approximate="tanh")',
    "F.silu(x)",
    "F.mish(x)",
    "F.hardswish(x)",
    "F.hardsigmoid(x)",
    "F.hardtanh(x)",
    "F.softplus(x)",
    "F.softsign(x)",
    "F.tanhshrink(x)",
    "F.softshrink(x)",
    "F.hardshrink(x)",
    "F.logsigmoid(x)",
    "F.threshold(x,0.2,0.0)",
    "x.pow(2)",
    "x.pow(3)",
    "x**0.5",
    "x**-1",
    "2**x",
    "x.softmax(-1)",
    "x.log_softmax(-1)",
    "F.softmin(x,-1)",
    "F.normalize(x,dim=-1)",
    "F.dropout(x,0.3,True)",
    "x.fill_diagonal_(0)if(x.ndim>1)else(x)",
    "torch.logcumsumexp(x,-1)",
    "F.rrelu(x)",
    "F.prelu(x,torch.full((1,),0.25,dtype=x.dtype))",
    "x.detach()",
    "x.data",
]

REDUCE = [
    "x.sum()",
    "x.mean()",
    "x.sum(-1)",
    "x.mean(-1)",
    "x.sum(0,keepdim=True)",
    "x.mean((0,-1))",
    "x.amax(-1)",
    "x.amin(0)",
    "x.max()",
    "x.min()",
    "x.max(-1)[0]",
    "x.min(0)[0]",
    "x.median(-1)[0]",
    "x.prod()",
    "x.prod(-1)",
    "x.std()",
    "x.std(-1)",
    "x.var(0,keepdim=True)",
    "x.norm()",
    "x.norm(dim=-1)",
    "x.norm(1)",
    "x.norm(p=3,dim=0)",
    "torch.linalg.vector_norm(x,2,-1)",
    "torch.logsumexp(x,-1)",
    "x.cumsum(0)",
    "x.cumprod(-1)",
    "x.cummax(-1)[0]",
    "x.cummin(0)[0]",
    "x.topk(1,-1)[0]",
    "x.sort(-1)[0]",
    "x.kthvalue(1,-1)[0]",
    "torch.var_mean(x,-1)[0]",
    "torch.std_mean(x,0)[1]",
    "torch.aminmax(x)[0]",
    "x.quantile(0.5)",
    "x.diff(dim=-1)",
    "x.mode(-1)[0]",
    "torch.dist(x,x*2)",
    "torch.renorm(x,2,0,1.0)",
    "x.nansum()",
    "torch.trapezoid(x,dim=-1)",
]

SHAPE = [
    "x.reshape(-1)",
    "x.flatten()",
    "x.flatten(1)",
    "x.unsqueeze(0)",
    "x.unsqueeze(-1)",
    "x.squeeze()",
    "x.squeeze(0)",
    "x.transpose(0,-1)",
    "x.transpose(-1,-2)",
    "x.t()",
    "x.mT",
    "x.permute(*range(x.ndim)[::-1])",
    "x.view(-1)",
    "x.view(x.shape[0],-1)",
    "x[0]",
    "x[...,0]",
    "x[:1]",
    "x[...,:2]",
    "x[...,::2]",
    "x[None]",
    "x[-1:]",
    "x.narrow(0,0,1)",
    "x.select(-1,0)",
    "x.chunk(2,-1)[0]",
    "x.chunk(2,0)[-1]",
    "x.split(1,-1)[0]",
    "x.unbind(0)[0]",
    "x.expand(2,*x.shape)",
    "x.expand_as(x)",
    "x.repeat(2,*[1]*(x.ndim-1))",
    "x.tile(2)",
    "x.repeat_interleave(2,0)",
    "x.roll(1,0)",
    "x.flip(0)",
    "x.flip(-1)",
    "x.tril()",
    "x.triu()",
    "x.diagonal(0,-2,-1)",
    "torch.diag_embed(x)",
    "x.movedim(0,-1)",
    "x.swapaxes(0,-1)",
    "x.unfold(-1,2,1)",
    "F.pad(x,(1,1))",
    "F.pad(x,(0,1),value=2.0)",
    "x.rot90(1,(-2,-1))",
    "torch.atleast_2d(x)",
    "x.unflatten(-1,(x.shape[-1],1))",
    "x.contiguous().view(-1,1)",
    "x.transpose(0,-1).contiguous()",
    "torch.broadcast_to(x,(3,*x.shape))",
    "x.hsplit(1)[0]",
    "torch.squeeze(x,-1)",
    "x.as_strided(x.shape,x.stride())",
    "x.ravel()",
    "x.T",
    "x.adjoint()",
    "x.view_as(x)",
    "x.reshape(x.shape[0],-1)",
    "torch.narrow(x,-1,0,1)",
    "x.new_zeros(x.shape)+x",
    "torch.zeros_like(x)+x",
    "torch.ones_like(x)*x",
    "torch.full_like(x,2.0)-x",
    "x.type_as(x)",
    "x.to(torch.float32)",
]

IN_PLACE = [
    "x.add_(1)",
    "x.mul_(2)",
    "x.div_(2)",
    "x.sub_(0.5)",
    "x.neg_()",
    "x.abs_()",
    "x.exp_()",
    "x.sigmoid_()",
    "x.tanh_()",
    "x.relu_()",
    "x.sqrt_()",
    "x.clamp_(0,1)",
    "x.zero_()",
    "x.fill_(0.5)",
    "x.square_()",
    "x.sin_()",
    "x.cos_()",
    "x.reciprocal_()",
    "x.rsqrt_()",
    "x.log_()",
    "x.pow_(2)",
    "F.relu(x,inplace=True)",
    "F.relu6(x,inplace=True)",
    "F.elu(x,inplace=True)",
    "F.selu(x,inplace=True)",
    "F.celu(x,inplace=True)",
    "F.leaky_relu(x,0.1,inplace=True)",
    "F.silu(x,inplace=True)",
    "F.mish(x,inplace=True)",
    "F.hardswish(x,inplace=True)",
    "F.hardsigmoid(x,inplace=True)",
    "F.hardtanh(x,inplace=True)",
    "F.threshold(x,0.1,0,inplace=True)",
    "F.dropout(x,0.3,True,inplace=True)",
    "x[0].add_(1)",
    "x[...,0].mul_(2)",
    "x[:1].zero_()",
    "x.view(-1).add_(1)",
    "x.transpose(0,-1).mul_(3)",
    "x.detach_()",
    "x.masked_fill_(x>0.5,0)",
    "x.unsqueeze_(0)",
    "x.squeeze_()",
    "x.transpose_(0,-1)",
    "x.t_()",
    "x.tril_()",
    "x.triu_()",
    "x.erf_()",
    "x.expm1_()",
    "x.log1p_()",
    "x.sinh_()",
    "x.cosh_()",
    "x.tan_()",
    "x.atan_()",
    "x.lerp_(x.detach()*2,0.5)",
    "x.clamp_min_(0.2)",
    "x.clamp_max_(0.8)",
    "x.fill_diagonal_(0.0)",
    "x.cumsum_(0)",
]

BINARY = [
    "x+y",
    "x-y",
    "x*y",
    "x/y",
    "torch.maximum(x,y)",
    "torch.minimum(x,y)",
    "torch.atan2(x,y)",
    "torch.hypot(x,y)",
    "torch.add(x,y,alpha=2)",
    "torch.sub(x,y,alpha=0.5)",
    "torch.where(x>y,x,y)",
    "torch.where(x>0.5,x,0.0)",
    "torch.lerp(x,y,0.3)",
    "torch.fmod(x,y+1)",
    "torch.remainder(x,y+1)",
    "torch.pow(x,y)",
    "torch.logaddexp(x,y)",
    "torch.xlogy(x,y+0.5)",
    "torch.copysign(x,y)",
    "torch.fmax(x,y)",
    "torch.fmin(x,y)",
    "torch.addcmul(x,y,y)",
    "torch.addcdiv(x,y,y+1)",
    "torch.ldexp(x,y)",
    "F.mse_loss(x,y)",
    "F.l1_loss(x,y)",
    "F.smooth_l1_loss(x,y)",
    "F.huber_loss(x,y)",
    "x*y+x",
    "(x>y)*x",
    "torch.float_power(x,2)",
    "x.masked_fill(y>0.5,0.0)",
    "torch.stack((x,y))",
    "torch.cat((x,y),0)",
    "torch.cat((x,y,x),-1)",
    "torch.hstack((x,y))",
    "torch.vstack((x,y))",
    "F.cosine_similarity(x,y,-1)",
    "F.pairwise_distance(x,y)",
    "x.outer(y)",
    "torch.kron(x,y)",
    "torch.clamp(x,min=y)",
    "x.mul(y).sum()",
    'F.kl_div(x,y,reduction="batchmean")',
    "F.binary_cross_entropy_with_logits(x,y)",
    "F.binary_cross_entropy(x.sigmoid(),y.sigmoid())",
    "F.soft_margin_loss(x,y)",
    "F.poisson_nll_loss(x,y)",
    "F.gaussian_nll_loss(x,y,y.abs()+1)",
    "torch.cdist(x,y)",
    "torch.tensordot(x,y,([0],[0]))",
    "torch.inner(x,y)",
    "torch.matmul(x,y)",
    "x@y",
    "torch.dot(x,y)",
    "torch.mv(x,y)",
    "torch.mm(x,y)",
    "torch.bmm(x,y)",
    "torch.cross(x,y,dim=-1)",
    "torch.linalg.vecdot(x,y)",
    "x@y.mT",
    "x.mT@y",
    'torch.einsum("ij,kj->ik",x,y)',
    'torch.einsum("bij,bjk->bik",x,y)',
    "torch.block_diag(x,y)",
    'torch.meshgrid(x,y,indexing="ij")[0]',
    "torch.dstack((x,y))",
    "x.gather(-1,torch.zeros(x.shape,dtype=torch.int64))",
    "torch.addmm(x,y,y.mT)",
    "torch.baddbmm(x,y,y.mT)",
    "x.eq(y).to(x.dtype)*y",
]

BINARY_IN_PLACE = [
    "x.add_(y)",
    "x.mul_(y)",
    "x.sub_(y)",
    "x.div_(y+1)",
    "x.copy_(y)",
    "x[0]=y[0]",
    "x[...,0]=y[...,0]",
    "x[:1]+=y[:1]",
    "x.addcmul_(y,y)",
    "x.lerp_(y,0.5)",
    "x.masked_fill_(y>0.5,0.0)",
    "x+=y",
    "x*=y",
    "x-=y",
    "x[:,:1]=0",
    "x[x>0.5]=0",
    "x.view(-1)[:1].add_(1)",
    "x.atan2_(y)",
    "x.fmod_(y+1)",
    "x.addcdiv_(y,y+1)",
    "x.pow_(y)",
    "x.clamp_(min=y)",
]

INTEGER = ["x.argmax(-1)", "x.argsort(-1)", "x.long()", "(x>0.5).long()", "x.argmin(0)", "x.round().int()"]

SEVERAL = [
    "a,b=x.chunk(2,-1)",
    "a,b=x.split((1,x.shape[0]-1))",
    "a,b=x.max(-1)",
    "a,b=x.sort(-1)",
    "a,b=x.topk(1)",
    "a,b=torch.var_mean(x,-1)",
    "a,b=x.unbind(0)[:2]",
    "a,b=x.median(0)",
]


def _of(texts: list[str], accept: Any = any_tensor, *, assigned: bool = True, mine: bool = False) -> Line:
    """A line of one of these texts, in which x and y are variables."""

    def line(writer: Writer) -> str:
        text = writer.draw.choice(texts)
        x = writer.pick(lambda t: accept(t) and (not mine or t.requires_grad))
        if mine and not x.startswith("v"):
            raise LookupError("inputs are not written over")
        y = _beside(writer, x) if "y" in _letters(text) else ""
        code = _put(
            text, x=x, y=y, a=writer.fresh() if "a,b=" in text else "", b=writer.fresh() if "a,b=" in text else ""
        )
        return f"{writer.fresh()} = {code}" if assigned else code

    return line


def _letters(text: str) -> set[str]:
    return {part for part in _split(text) if part in ("x", "y", "a", "b")}


def _split(text: str) -> list[str]:
    """Names, numbers and signs of a text."""
    import re

    return re.findall(r"\w+|\W", text)


def _put(text: str, **names: str) -> str:
    return "".join(names.get(part) or part if len(part) == 1 else part for part in _split(text))


def _beside(writer: Writer, x: str) -> str:
    """A tensor that likely fits beside another one."""
    shape, dtype = writer.shape(x), writer.tensors[x].dtype
    same = writer.draw.random()
    if same < 0.5:
        return writer.pick(lambda t: tuple(t.shape) == shape and (t.dtype == dtype or same < 0.1))
    if same < 0.6:
        return writer.parameter(x, *shape[-1:])
    if same < 0.7:
        return writer.parameter(x, *shape)
    return writer.pick()


def linear(writer: Writer) -> str:
    x = writer.pick(lambda t: t.ndim > 0)
    features, out = writer.shape(x)[-1], writer.draw.choice((1, 2, 4))
    weight, bias = writer.parameter(x, out, features), writer.maybe(writer.parameter(x, out))
    return f"{writer.fresh()} = F.linear({x}, {weight}, {bias})"


def matmul(writer: Writer) -> str:
    x = writer.pick(lambda t: t.ndim > 0)
    return f"{writer.fresh()} = {x} @ {writer.parameter(x, writer.shape(x)[-1], writer.draw.choice((1, 3)))}"


def convolution(writer: Writer) -> str:
    x = writer.pick(lambda t: t.ndim in (3, 4))
    rank, channels = len(writer.shape(x)) - 2, writer.shape(x)[1]
    groups = writer.draw.choice([g for g in (1, 1, 2, channels) if channels % g == 0])
    options = f"padding={writer.draw.randrange(2)}, stride={writer.draw.choice((1, 1, 2))}, groups={groups}"
    kernel, bias, out = writer.draw.choice((1, 3)), writer.draw.random() < 0.5, groups * writer.draw.choice((1, 2))
    kind = "ConvTranspose" if writer.draw.random() < 0.2 else "Conv"
    made = writer.module(f"nn.{kind}{rank}d({channels}, {out}, {kernel}, bias={bias}, {options})", x)
    return f"{writer.fresh()} = {made}({x})"


def norm(writer: Writer) -> str:
    x = writer.pick(lambda t: t.ndim in (2, 3, 4))
    shape = writer.shape(x)
    rank, channels, affine = len(shape) - 1, shape[1], writer.draw.random() < 0.7
    choices = [
        f"nn.BatchNorm{max(1, rank - 1)}d({channels}, affine={affine})",
        f"nn.BatchNorm{max(1, rank - 1)}d({channels}, track_running_stats=False)",
        f"nn.LayerNorm({shape[-1]}, elementwise_affine={affine})",
        f"nn.LayerNorm({list(shape[1:])})",
        f"nn.RMSNorm({shape[-1]}, elementwise_affine={affine})",
        f"nn.GroupNorm(1, {channels}, affine={affine})",
        f"nn.InstanceNorm{max(1, rank - 1)}d({channels}, affine={affine})",
        f"nn.BatchNorm{max(1, rank - 1)}d({channels}).eval()",
    ]
    return f"{writer.fresh()} = {writer.module(writer.draw.choice(choices), x)}({x})"


POOLS = (
    "F.max_pool{n}d({x}, 2)", "F.avg_pool{n}d({x}, 2)", "F.adaptive_avg_pool{n}d({x}, 1)", "F.adaptive_avg_pool{n}d({x}, 2)",
    "F.adaptive_max_pool{n}d({x}, 2)", "F.max_pool{n}d({x}, 3, 1, 1)", "F.avg_pool{n}d({x}, 3, 1, 1)",
    "F.interpolate({x}, scale_factor=2)", "F.interpolate({x}, size={size}, mode='{linear}')", "F.lp_pool{n}d({x}, 2, 2)",
    "F.max_pool{n}d({x}, 2, return_indices=True)[0]", "F.pad({x}, (1, 1), mode='reflect')", "F.pad({x}, (1, 1), mode='replicate')",
)  # fmt: skip


def pool(writer: Writer) -> str:
    x = writer.pick(lambda t: t.ndim in (3, 4))
    n = len(writer.shape(x)) - 2
    text = writer.draw.choice(POOLS)
    return f"{writer.fresh()} = " + text.format(
        x=x, n=n, size=4 if n == 1 else (4, 4), linear=("linear", "bilinear")[n - 1]
    )


PICTURES = (
    "F.pixel_shuffle({x}, 2)", "F.pixel_unshuffle({x}, 2)", "F.unfold({x}, 2)", "F.interpolate({x}, scale_factor=2, mode='bicubic')",
    "F.dropout2d({x}, 0.2)", "F.channel_shuffle({x}, 2)", "F.local_response_norm({x}, 2)", "F.grid_sample({x}, torch.zeros({n}, 2, 2, 2).to({x}.dtype))",
    "F.interpolate({x}, size=(3, 3), mode='area')", "{x}.to(memory_format=torch.channels_last)", "{x}.contiguous(memory_format=torch.channels_last)",
)  # fmt: skip


def picture(writer: Writer) -> str:
    x = writer.pick(lambda t: t.ndim == 4)
    return f"{writer.fresh()} = " + writer.draw.choice(PICTURES).format(x=x, n=writer.shape(x)[0])


def attention(writer: Writer) -> str:
    x = writer.pick(lambda t: t.ndim >= 3)
    options = writer.draw.choice(("", ", is_causal=True", ", scale=0.5"))
    other = writer.draw.choice((x, f"({x} * 0.5)"))
    return f"{writer.fresh()} = F.scaled_dot_product_attention({x}, {other}, {x}{options})"


def embedding(writer: Writer) -> str:
    like = writer.pick()
    index = writer.pick(lambda t: t.dtype in (torch.int64, torch.int32), floating=False)
    table = writer.parameter(like, 512, 3)
    return f"{writer.fresh()} = F.embedding({index}.clamp(0, 7), {table})"


INDEXED = (
    "{x}.index_select(0, {i})", "{x}[{i}]", "{x}.gather(0, {i}.reshape(-1, *[1] * ({x}.ndim - 1)).expand(-1, *{x}.shape[1:]))",
    "torch.zeros(4, *{x}.shape[1:]).to({x}.dtype).index_add(0, {i}, {x}.index_select(0, {i}))", "{x}.index_add(0, {i}, {x}.index_select(0, {i}))",
    "{x}.index_copy(0, {i}[:1], {x}[:1] * 2)", "{x}.take_along_dim({i}.reshape(-1, *[1] * ({x}.ndim - 1)), 0)", "{x}.index_fill(0, {i}, 0.0)",
    "{x}.scatter(0, {i}.reshape(-1, *[1] * ({x}.ndim - 1)), 0.5)", "{x}.scatter_add(0, {i}.reshape(-1, *[1] * ({x}.ndim - 1)), {x})",
    "{x}[..., {j}]", "{x}.take({i})", "{x}.index_put(({i},), {x}[{i}] * 2)",
)  # fmt: skip


def indexed(writer: Writer) -> str:
    x = writer.pick(lambda t: t.ndim > 0)
    rows, columns = writer.shape(x)[0], writer.shape(x)[-1]
    index = [writer.draw.randrange(rows) for _ in range(writer.draw.randrange(1, 4))]
    text = writer.draw.choice(INDEXED)
    at = f"torch.tensor({index})"
    return f"{writer.fresh()} = " + text.format(x=x, i=at, j=f"torch.tensor([0, {columns - 1}])")


CLASSES = (
    "F.cross_entropy({x}, {t})", "F.nll_loss({x}.log_softmax(1), {t})", "F.cross_entropy({x}, {t}, reduction='sum')",
    "F.cross_entropy({x}, {t}, label_smoothing=0.1)", "F.cross_entropy({x}, {x}.softmax(1).detach())", "F.multi_margin_loss({x}, {t})",
    "F.one_hot({t}, {x}.shape[1]).to({x}.dtype) * {x}", "F.cross_entropy({x}, {t}, reduction='none')", "{x}[torch.arange({n}), {t}]",
)  # fmt: skip


def classes(writer: Writer) -> str:
    x = writer.pick(lambda t: t.ndim == 2)
    rows, columns = writer.shape(x)
    target = f"torch.tensor({[writer.draw.randrange(columns) for _ in range(rows)]})"
    return f"{writer.fresh()} = " + writer.draw.choice(CLASSES).format(x=x, t=target, n=rows)


def recurrent(writer: Writer) -> str:
    x = writer.pick(lambda t: t.ndim == 3)
    kind = writer.draw.choice(("GRUCell", "LSTMCell", "RNNCell"))
    cell = writer.module(f"nn.{kind}({writer.shape(x)[-1]}, 3)", x)
    state = f"{x}[0].new_ones({writer.shape(x)[1]}, 3) * {writer.parameter(x)}"
    return f"{writer.fresh()} = {cell}({x}[0], " + (f"({state}, {state}))[0]" if kind == "LSTMCell" else f"{state})")


MODULES = (
    "nn.Linear({last}, 4)", "nn.Sequential(nn.Linear({last}, 4), nn.ReLU(inplace=True), nn.Linear(4, 2, bias=False))",
    "nn.PReLU()", "nn.GLU()", "nn.Softplus()", "nn.Dropout(0.1)", "nn.Identity()", "nn.Flatten()",
)  # fmt: skip


def module(writer: Writer) -> str:
    x = writer.pick(lambda t: t.ndim > 0)
    text = writer.draw.choice(MODULES).format(last=writer.shape(x)[-1])
    made = writer.module(text, x)
    return f"{writer.fresh()} = {made}({x})"


def steered(writer: Writer) -> str:
    """Control flow by sizes."""
    x, y = writer.pick(lambda t: t.ndim > 0), writer.pick(lambda t: t.ndim > 0)
    name = writer.fresh()
    return writer.draw.choice(
        (
            f"{name} = {x}.relu() if {x}.shape[0] > 2 else {x} * 2",
            f"{name} = torch.stack([row.tanh() for row in {x}])",
            f"{name} = sum(part.exp() for part in {x}.unbind(0))",
            f"{name} = {x} if {x}.ndim > {y}.ndim else {y}.sigmoid()",
            f"{name} = torch.cat([part * at for at, part in enumerate({x}.split(1, 0))])",
            f"{name} = max([{x}, {y}], key=lambda t: t.numel()).sin()",
        )
    )


def let_go(writer: Writer) -> str:
    """A variable that is deleted."""
    names = [name for name in writer.tensors if name.startswith("v")]
    if len(names) < 3:
        raise LookupError("too few")
    return f"del {writer.draw.choice(names)}"


LINES: list[tuple[float, Line]] = [
    (6, _of(UNARY)), (3, _of(REDUCE, lambda x: x.ndim > 0)), (5, _of(SHAPE, lambda x: x.ndim > 0)), (8, _of(BINARY)),
    (3, _of(IN_PLACE, assigned=False, mine=True)), (3, _of(BINARY_IN_PLACE, assigned=False, mine=True)),
    (1, _of(INTEGER, lambda x: x.ndim > 0)), (1, _of(SEVERAL, lambda x: x.ndim > 0, assigned=False)),
    (2, linear), (2, matmul), (2, convolution), (2, norm), (2, pool), (1, picture), (1, attention), (1, embedding), (2, indexed),
    (1, classes), (0.5, recurrent), (1.5, module), (1.5, steered), (1.5, let_go),
    (1, regions.written), (1, regions.without_gradients), (1, regions.again),
]  # fmt: skip
