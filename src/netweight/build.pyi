"""Types of ``netweight.build``. Written by ``scripts/index``: change the functions, not this file."""

from netweight.functions.algebra import Dims as Dims
from netweight.functions.algebra import Norm as Norm
from netweight.functions.algebra import QrMode as QrMode
from netweight.functions.algebra import Triangle as Triangle
from netweight.sources.build.activation import dropout as dropout
from netweight.sources.build.activation import elu as elu
from netweight.sources.build.activation import gelu as gelu
from netweight.sources.build.activation import hardsigmoid as hardsigmoid
from netweight.sources.build.activation import hardswish as hardswish
from netweight.sources.build.activation import leaky_relu as leaky_relu
from netweight.sources.build.activation import mish as mish
from netweight.sources.build.activation import prelu as prelu
from netweight.sources.build.activation import relu as relu
from netweight.sources.build.activation import relu6 as relu6
from netweight.sources.build.activation import selu as selu
from netweight.sources.build.activation import sigmoid as sigmoid
from netweight.sources.build.activation import silu as silu
from netweight.sources.build.activation import softplus as softplus
from netweight.sources.build.activation import tanh as tanh
from netweight.sources.build.algebra import as_strided as as_strided
from netweight.sources.build.algebra import diag_embed as diag_embed
from netweight.sources.build.algebra import diagonal_scatter as diagonal_scatter
from netweight.sources.build.arith import abs as abs
from netweight.sources.build.arith import add as add
from netweight.sources.build.arith import ceil as ceil
from netweight.sources.build.arith import clamp as clamp
from netweight.sources.build.arith import cos as cos
from netweight.sources.build.arith import div as div
from netweight.sources.build.arith import erf as erf
from netweight.sources.build.arith import exp as exp
from netweight.sources.build.arith import floor as floor
from netweight.sources.build.arith import log as log
from netweight.sources.build.arith import maximum as maximum
from netweight.sources.build.arith import minimum as minimum
from netweight.sources.build.arith import mul as mul
from netweight.sources.build.arith import neg as neg
from netweight.sources.build.arith import pow as pow
from netweight.sources.build.arith import rdiv as rdiv
from netweight.sources.build.arith import reciprocal as reciprocal
from netweight.sources.build.arith import round as round
from netweight.sources.build.arith import rsqrt as rsqrt
from netweight.sources.build.arith import rsub as rsub
from netweight.sources.build.arith import sign as sign
from netweight.sources.build.arith import sin as sin
from netweight.sources.build.arith import sqrt as sqrt
from netweight.sources.build.arith import square as square
from netweight.sources.build.arith import sub as sub
from netweight.sources.build.attention import multi_head_attention as multi_head_attention
from netweight.sources.build.conv import conv1d as conv1d
from netweight.sources.build.conv import conv2d as conv2d
from netweight.sources.build.conv import conv3d as conv3d
from netweight.sources.build.conv import conv_transpose1d as conv_transpose1d
from netweight.sources.build.conv import conv_transpose2d as conv_transpose2d
from netweight.sources.build.conv import conv_transpose3d as conv_transpose3d
from netweight.sources.build.copies import arange as arange
from netweight.sources.build.copies import channel_shuffle as channel_shuffle
from netweight.sources.build.copies import copy as copy
from netweight.sources.build.copies import diagonal as diagonal
from netweight.sources.build.copies import full as full
from netweight.sources.build.copies import full_like as full_like
from netweight.sources.build.copies import one_hot as one_hot
from netweight.sources.build.copies import ones_like as ones_like
from netweight.sources.build.copies import pixel_shuffle as pixel_shuffle
from netweight.sources.build.copies import pixel_unshuffle as pixel_unshuffle
from netweight.sources.build.copies import repeat_interleave as repeat_interleave
from netweight.sources.build.copies import slice_scatter as slice_scatter
from netweight.sources.build.copies import tril as tril
from netweight.sources.build.copies import triu as triu
from netweight.sources.build.copies import zeros_like as zeros_like
from netweight.sources.build.core import Symbol as Symbol
from netweight.sources.build.core import call as call
from netweight.sources.build.core import graph as graph
from netweight.sources.build.core import scope as scope
from netweight.sources.build.embedding import embedding as embedding
from netweight.sources.build.functions import acos as acos
from netweight.sources.build.functions import addcdiv as addcdiv
from netweight.sources.build.functions import addcmul as addcmul
from netweight.sources.build.functions import asin as asin
from netweight.sources.build.functions import atan as atan
from netweight.sources.build.functions import atan2 as atan2
from netweight.sources.build.functions import bitwise_and as bitwise_and
from netweight.sources.build.functions import bitwise_left_shift as bitwise_left_shift
from netweight.sources.build.functions import bitwise_not as bitwise_not
from netweight.sources.build.functions import bitwise_or as bitwise_or
from netweight.sources.build.functions import bitwise_right_shift as bitwise_right_shift
from netweight.sources.build.functions import bitwise_xor as bitwise_xor
from netweight.sources.build.functions import cosh as cosh
from netweight.sources.build.functions import exp2 as exp2
from netweight.sources.build.functions import expm1 as expm1
from netweight.sources.build.functions import floor_divide as floor_divide
from netweight.sources.build.functions import fmod as fmod
from netweight.sources.build.functions import isfinite as isfinite
from netweight.sources.build.functions import isinf as isinf
from netweight.sources.build.functions import isnan as isnan
from netweight.sources.build.functions import lerp as lerp
from netweight.sources.build.functions import log10 as log10
from netweight.sources.build.functions import log1p as log1p
from netweight.sources.build.functions import log2 as log2
from netweight.sources.build.functions import logaddexp as logaddexp
from netweight.sources.build.functions import remainder as remainder
from netweight.sources.build.functions import sinh as sinh
from netweight.sources.build.functions import tan as tan
from netweight.sources.build.functions import trunc as trunc
from netweight.sources.build.indexing import index as index
from netweight.sources.build.indexing import index_add as index_add
from netweight.sources.build.indexing import index_copy as index_copy
from netweight.sources.build.indexing import index_put as index_put
from netweight.sources.build.indexing import masked_fill as masked_fill
from netweight.sources.build.indexing import scatter as scatter
from netweight.sources.build.indexing import scatter_add as scatter_add
from netweight.sources.build.layout import chunk as chunk
from netweight.sources.build.layout import concat as concat
from netweight.sources.build.layout import expand as expand
from netweight.sources.build.layout import flatten as flatten
from netweight.sources.build.layout import flip as flip
from netweight.sources.build.layout import gather as gather
from netweight.sources.build.layout import index_select as index_select
from netweight.sources.build.layout import narrow as narrow
from netweight.sources.build.layout import pad as pad
from netweight.sources.build.layout import permute as permute
from netweight.sources.build.layout import repeat as repeat
from netweight.sources.build.layout import reshape as reshape
from netweight.sources.build.layout import roll as roll
from netweight.sources.build.layout import split as split
from netweight.sources.build.layout import squeeze as squeeze
from netweight.sources.build.layout import stack as stack
from netweight.sources.build.layout import transpose as transpose
from netweight.sources.build.layout import unsqueeze as unsqueeze
from netweight.sources.build.linear import linear as linear
from netweight.sources.build.logic import cast as cast
from netweight.sources.build.logic import eq as eq
from netweight.sources.build.logic import ge as ge
from netweight.sources.build.logic import gt as gt
from netweight.sources.build.logic import le as le
from netweight.sources.build.logic import logical_and as logical_and
from netweight.sources.build.logic import logical_not as logical_not
from netweight.sources.build.logic import logical_or as logical_or
from netweight.sources.build.logic import logical_xor as logical_xor
from netweight.sources.build.logic import lt as lt
from netweight.sources.build.logic import ne as ne
from netweight.sources.build.logic import where as where
from netweight.sources.build.loss import cross_entropy as cross_entropy
from netweight.sources.build.loss import mse_loss as mse_loss
from netweight.sources.build.losses import binary_cross_entropy as binary_cross_entropy
from netweight.sources.build.losses import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from netweight.sources.build.losses import huber_loss as huber_loss
from netweight.sources.build.losses import kl_div as kl_div
from netweight.sources.build.losses import l1_loss as l1_loss
from netweight.sources.build.losses import nll_loss as nll_loss
from netweight.sources.build.losses import smooth_l1_loss as smooth_l1_loss
from netweight.sources.build.measure import all as all
from netweight.sources.build.measure import any as any
from netweight.sources.build.measure import count_nonzero as count_nonzero
from netweight.sources.build.measure import cumprod as cumprod
from netweight.sources.build.measure import logsumexp as logsumexp
from netweight.sources.build.norm import batch_norm as batch_norm
from netweight.sources.build.norm import group_norm as group_norm
from netweight.sources.build.norm import instance_norm as instance_norm
from netweight.sources.build.norm import layer_norm as layer_norm
from netweight.sources.build.norm import local_response_norm as local_response_norm
from netweight.sources.build.norm import rms_norm as rms_norm
from netweight.sources.build.params import parameter as parameter
from netweight.sources.build.pool import adaptive_avg_pool1d as adaptive_avg_pool1d
from netweight.sources.build.pool import adaptive_avg_pool2d as adaptive_avg_pool2d
from netweight.sources.build.pool import adaptive_avg_pool3d as adaptive_avg_pool3d
from netweight.sources.build.pool import adaptive_max_pool2d as adaptive_max_pool2d
from netweight.sources.build.pool import avg_pool1d as avg_pool1d
from netweight.sources.build.pool import avg_pool2d as avg_pool2d
from netweight.sources.build.pool import avg_pool3d as avg_pool3d
from netweight.sources.build.pool import global_avg_pool as global_avg_pool
from netweight.sources.build.pool import global_max_pool as global_max_pool
from netweight.sources.build.pool import lp_pool2d as lp_pool2d
from netweight.sources.build.pool import max_pool1d as max_pool1d
from netweight.sources.build.pool import max_pool2d as max_pool2d
from netweight.sources.build.pool import max_pool3d as max_pool3d
from netweight.sources.build.pool import min_pool2d as min_pool2d
from netweight.sources.build.quantize import dequantize as dequantize
from netweight.sources.build.quantize import fake_quantize as fake_quantize
from netweight.sources.build.quantize import quantize as quantize
from netweight.sources.build.ranks import acosh as acosh
from netweight.sources.build.ranks import asinh as asinh
from netweight.sources.build.ranks import atanh as atanh
from netweight.sources.build.ranks import complex as complex
from netweight.sources.build.ranks import conj as conj
from netweight.sources.build.ranks import copysign as copysign
from netweight.sources.build.ranks import cummax as cummax
from netweight.sources.build.ranks import cummin as cummin
from netweight.sources.build.ranks import logcumsumexp as logcumsumexp
from netweight.sources.build.ranks import masked_scatter as masked_scatter
from netweight.sources.build.ranks import rand_like as rand_like
from netweight.sources.build.ranks import randn_like as randn_like
from netweight.sources.build.ranks import scatter_reduce as scatter_reduce
from netweight.sources.build.ranks import view_as_complex as view_as_complex
from netweight.sources.build.ranks import view_as_real as view_as_real
from netweight.sources.build.recurrent import gru as gru
from netweight.sources.build.recurrent import lstm as lstm
from netweight.sources.build.recurrent import rnn as rnn
from netweight.sources.build.reduce import amax as amax
from netweight.sources.build.reduce import amin as amin
from netweight.sources.build.reduce import argmax as argmax
from netweight.sources.build.reduce import argmin as argmin
from netweight.sources.build.reduce import cumsum as cumsum
from netweight.sources.build.reduce import mean as mean
from netweight.sources.build.reduce import prod as prod
from netweight.sources.build.reduce import std as std
from netweight.sources.build.reduce import sum as sum
from netweight.sources.build.reduce import var as var
from netweight.sources.build.reduce import vector_norm as vector_norm
from netweight.sources.build.regions import deform_conv2d as deform_conv2d
from netweight.sources.build.regions import roi_align as roi_align
from netweight.sources.build.regions import roi_pool as roi_pool
from netweight.sources.build.resize import interpolate as interpolate
from netweight.sources.build.softmax import log_softmax as log_softmax
from netweight.sources.build.softmax import softmax as softmax
from netweight.sources.build.tables import bilinear as bilinear
from netweight.sources.build.tables import embedding_bag as embedding_bag
from netweight.sources.build.unpool import max_pool2d_with_indices as max_pool2d_with_indices
from netweight.sources.build.unpool import max_unpool2d as max_unpool2d
from netweight.sources.build.windows import fold as fold
from netweight.sources.build.windows import grid_sample as grid_sample
from netweight.sources.build.windows import unfold as unfold
from netweight.sources.build.windows import window_view as window_view

def cholesky(x: Symbol, *, inplace: bool = ..., name: str = ...) -> Symbol: ...
def det(x: Symbol, *, inplace: bool = ..., name: str = ...) -> Symbol: ...
def eigh(x: Symbol, uplo: Triangle = ..., *, inplace: bool = ..., name: str = ...) -> tuple[Symbol, Symbol]: ...
def eigvalsh(x: Symbol, uplo: Triangle = ..., *, inplace: bool = ..., name: str = ...) -> Symbol: ...
def fft(x: Symbol, dim: Dims = ..., norm: Norm = ..., *, inplace: bool = ..., name: str = ...) -> Symbol: ...
def ifft(x: Symbol, dim: Dims = ..., norm: Norm = ..., *, inplace: bool = ..., name: str = ...) -> Symbol: ...
def inv(x: Symbol, *, inplace: bool = ..., name: str = ...) -> Symbol: ...
def irfft(x: Symbol, size: int | None = ..., dim: Dims = ..., norm: Norm = ..., *, inplace: bool = ..., name: str = ...) -> Symbol: ...
def qr(x: Symbol, mode: QrMode = ..., *, inplace: bool = ..., name: str = ...) -> tuple[Symbol, Symbol]: ...
def rfft(x: Symbol, dim: Dims = ..., norm: Norm = ..., *, inplace: bool = ..., name: str = ...) -> Symbol: ...
def slogdet(x: Symbol, *, inplace: bool = ..., name: str = ...) -> tuple[Symbol, Symbol]: ...
def solve(x: Symbol, b: Symbol, *, inplace: bool = ..., name: str = ...) -> Symbol: ...
def solve_triangular(x: Symbol, b: Symbol, *, upper: bool, unitriangular: bool = ..., inplace: bool = ..., name: str = ...) -> Symbol: ...
def svd(x: Symbol, full_matrices: bool = ..., *, inplace: bool = ..., name: str = ...) -> tuple[Symbol, Symbol, Symbol]: ...
def svdvals(x: Symbol, *, inplace: bool = ..., name: str = ...) -> Symbol: ...
def einsum(equation: str, *xs: Symbol, inplace: bool = ..., name: str = ...) -> Symbol: ...
def matmul(a: Symbol, b: Symbol, *, inplace: bool = ..., name: str = ...) -> Symbol: ...
def scaled_dot_product_attention(query: Symbol, key: Symbol, value: Symbol, *, mask: Symbol | None = ..., is_causal: bool = ..., scale: float | None = ..., inplace: bool = ..., name: str = ...) -> Symbol: ...
def argsort(x: Symbol, dim: int = ..., descending: bool = ..., *, inplace: bool = ..., name: str = ...) -> Symbol: ...
def kthvalue(x: Symbol, k: int, dim: int = ..., keepdim: bool = ..., *, inplace: bool = ..., name: str = ...) -> tuple[Symbol, Symbol]: ...
def max(x: Symbol, dim: int, keepdim: bool = ..., *, inplace: bool = ..., name: str = ...) -> tuple[Symbol, Symbol]: ...
def min(x: Symbol, dim: int, keepdim: bool = ..., *, inplace: bool = ..., name: str = ...) -> tuple[Symbol, Symbol]: ...
def mode(x: Symbol, dim: int = ..., keepdim: bool = ..., *, inplace: bool = ..., name: str = ...) -> tuple[Symbol, Symbol]: ...
def nms(boxes: Symbol, scores: Symbol, iou_threshold: float, *, count: int | None = ..., inplace: bool = ..., name: str = ...) -> Symbol: ...
def nonzero(x: Symbol, *, count: int | None = ..., inplace: bool = ..., name: str = ...) -> Symbol: ...
def searchsorted(sequence: Symbol, x: Symbol, *, right: bool = ..., inplace: bool = ..., name: str = ...) -> Symbol: ...
def sort(x: Symbol, dim: int = ..., descending: bool = ..., *, inplace: bool = ..., name: str = ...) -> tuple[Symbol, Symbol]: ...
def topk(x: Symbol, k: int, dim: int = ..., largest: bool = ..., *, inplace: bool = ..., name: str = ...) -> tuple[Symbol, Symbol]: ...
def unique(x: Symbol, return_inverse: bool = ..., return_counts: bool = ..., dim: int | None = ..., count: int | None = ..., *, inplace: bool = ..., name: str = ...) -> tuple[Symbol, ...]: ...
def unique_consecutive(x: Symbol, return_inverse: bool = ..., return_counts: bool = ..., dim: int | None = ..., count: int | None = ..., *, inplace: bool = ..., name: str = ...) -> tuple[Symbol, ...]: ...
def celu(x: Symbol, alpha: float = ..., *, inplace: bool = ..., name: str = ...) -> Symbol: ...
def glu(x: Symbol, dim: int = ..., *, inplace: bool = ..., name: str = ...) -> Symbol: ...
def hardshrink(x: Symbol, lambd: float = ..., *, inplace: bool = ..., name: str = ...) -> Symbol: ...
def logsigmoid(x: Symbol, *, inplace: bool = ..., name: str = ...) -> Symbol: ...
def softshrink(x: Symbol, lambd: float = ..., *, inplace: bool = ..., name: str = ...) -> Symbol: ...
def softsign(x: Symbol, *, inplace: bool = ..., name: str = ...) -> Symbol: ...
def tanhshrink(x: Symbol, *, inplace: bool = ..., name: str = ...) -> Symbol: ...
def threshold(x: Symbol, threshold: float, value: float, *, inplace: bool = ..., name: str = ...) -> Symbol: ...
