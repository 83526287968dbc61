"""Figures of torchvision's classification models.

`params`, `gmacs`: "num_params" and "_ops" of the weights' metadata in torchvision 0.29.2, giga multiply-accumulates of
convolutions and matrix products at batch 1, without bias. `macs` is the exact integer, which rounds to them; `buffers`
are the elements of the model's buffers. `size` is the height and width that the weights are evaluated at.

DENSE are segmentation (520 x 520, auxiliary classifier included) and video models (frames x height x width), from the
same metadata in torchvision 0.28.0. DETECTION are those at a picture of 800 x 800 (SSD: of any size) whose published
figure counts what a capture counts: 1000 proposals for the box head, 100 detections for the mask head. The others of
torchvision's are published for other numbers of boxes, FEWER_BOXES: of the layers under a path only that share is
counted. Published parameters of detection models leave out those of frozen normalisation.
"""

from typing import NamedTuple


class Figures(NamedTuple):
    size: int
    params: int
    buffers: int
    macs: int
    gmacs: float


CLASSIFICATION = {
    "alexnet": Figures(224, 61_100_840, 0, 714_188_480, 0.714),
    "convnext_large": Figures(224, 197_767_336, 0, 34_361_433_600, 34.361),
    "convnext_tiny": Figures(224, 28_589_128, 0, 4_455_531_264, 4.456),
    "densenet161": Figures(224, 28_681_000, 220_097, 7_727_907_072, 7.728),
    "densenet201": Figures(224, 20_013_928, 229_257, 4_291_365_888, 4.291),
    "efficientnet_b1": Figures(240, 7_794_184, 62_117, 686_802_832, 0.687),
    "efficientnet_b3": Figures(300, 12_233_232, 87_374, 1_827_141_392, 1.827),
    "efficientnet_b5": Figures(456, 30_389_784, 172_852, 10_266_384_752, 10.266),
    "efficientnet_b7": Figures(600, 66_347_960, 310_883, 37_745_884_192, 37.746),
    "efficientnet_v2_m": Figures(480, 54_139_356, 292_189, 24_582_460_384, 24.582),
    "googlenet": Figures(224, 6_624_904, 14_617, 1_498_376_192, 1.498),
    "maxvit_t": Figures(224, 30_919_624, 100_472, 5_558_046_720, 5.558),
    "mnasnet0_75": Figures(224, 3_170_208, 29_860, 215_493_104, 0.215),
    "mnasnet1_3": Figures(224, 6_282_256, 48_868, 526_362_432, 0.526),
    "mobilenet_v3_large": Figures(224, 5_483_032, 24_446, 216_589_760, 0.217),
    "regnet_x_16gf": Figures(224, 54_278_536, 111_239, 15_940_755_456, 15.941),
    "regnet_x_32gf": Figures(224, 107_811_560, 162_090, 31_735_929_792, 31.736),
    "regnet_x_400mf": Figures(224, 5_495_976, 37_927, 413_812_608, 0.414),
    "regnet_x_8gf": Figures(224, 39_572_648, 90_538, 7_995_132_416, 7.995),
    "regnet_y_128gf": Figures(384, 644_812_894, 415_158, 374_570_006_400, 374.57),
    "regnet_y_16gf": Figures(384, 83_590_140, 122_875, 46_734_897_152, 46.735),
    "regnet_y_32gf": Figures(224, 145_046_770, 158_353, 32_279_552_832, 32.28),
    "regnet_y_3_2gf": Figures(224, 19_436_338, 66_228, 3_176_482_752, 3.176),
    "regnet_y_800mf": Figures(224, 6_432_512, 30_479, 833_856_256, 0.834),
    "resnet101": Figures(224, 44_549_160, 105_448, 7_801_405_440, 7.801),
    "resnet18": Figures(224, 11_689_512, 9_620, 1_814_073_344, 1.814),
    "resnet50": Figures(224, 25_557_032, 53_173, 4_089_184_256, 4.089),
    "resnext101_64x4d": Figures(224, 83_455_272, 202_984, 15_460_270_080, 15.46),
    "shufflenet_v2_x0_5": Figures(224, 1_366_792, 8_008, 40_476_448, 0.04),
    "shufflenet_v2_x1_5": Figures(224, 3_503_624, 23_496, 295_759_392, 0.296),
    "squeezenet1_0": Figures(224, 1_248_424, 0, 818_924_576, 0.819),
    "swin_b": Figures(224, 87_768_224, 57_624, 15_430_946_816, 15.431),
    "swin_t": Figures(224, 28_288_354, 28_812, 4_490_566_656, 4.491),
    "swin_v2_s": Figures(256, 49_737_442, 109_104, 11_545_857_024, 11.546),
    "vgg11": Figures(224, 132_863_336, 0, 7_609_090_048, 7.609),
    "vgg13": Figures(224, 133_047_848, 0, 11_308_466_176, 11.308),
    "vgg16": Figures(224, 138_357_544, 0, 15_470_264_320, 15.47),
    "vgg19": Figures(224, 143_667_240, 0, 19_632_062_464, 19.632),
    "vit_b_16": Figures(224, 86_567_656, 0, 17_563_828_224, 17.564),
    "vit_b_32": Figures(224, 88_224_232, 0, 4_409_186_304, 4.409),
    "vit_h_14": Figures(518, 633_470_440, 0, 1_016_716_764_160, 1016.717),
    "vit_l_16": Figures(512, 305_174_504, 0, 361_986_285_568, 361.986),
    "wide_resnet101_2": Figures(224, 126_886_696, 137_960, 22_753_050_624, 22.753),
}


class DenseFigures(NamedTuple):
    shape: tuple[int, ...]
    params: int
    gmacs: float


_PICTURE = (520, 520)
_CLIP = (16, 112, 112)
_LARGE_CLIP = (16, 224, 224)

DENSE = {
    "deeplabv3_mobilenet_v3_large": DenseFigures(_PICTURE, 11_029_328, 10.452),
    "deeplabv3_resnet50": DenseFigures(_PICTURE, 42_004_074, 178.722),
    "deeplabv3_resnet101": DenseFigures(_PICTURE, 60_996_202, 258.743),
    "fcn_resnet50": DenseFigures(_PICTURE, 35_322_218, 152.717),
    "fcn_resnet101": DenseFigures(_PICTURE, 54_314_346, 232.738),
    "lraspp_mobilenet_v3_large": DenseFigures(_PICTURE, 3_221_538, 2.086),
    "mc3_18": DenseFigures(_CLIP, 11_695_440, 43.343),
    "r2plus1d_18": DenseFigures(_CLIP, 31_505_325, 40.519),
    "r3d_18": DenseFigures(_CLIP, 33_371_472, 40.697),
    "mvit_v1_b": DenseFigures(_LARGE_CLIP, 36_610_672, 70.599),
    "mvit_v2_s": DenseFigures(_LARGE_CLIP, 34_537_744, 64.224),
    "s3d": DenseFigures(_LARGE_CLIP, 8_320_048, 17.979),
    "swin3d_t": DenseFigures(_LARGE_CLIP, 28_158_070, 43.882),
    "swin3d_s": DenseFigures(_LARGE_CLIP, 49_816_678, 82.841),
    "swin3d_b": DenseFigures(_LARGE_CLIP, 88_048_984, 140.667),
}

FEWER_BOXES = {
    "fasterrcnn_mobilenet_v3_large_320_fpn": (0.719, "roi_heads", 0),
    "fasterrcnn_mobilenet_v3_large_fpn": (4.494, "roi_heads", 0),
    "keypointrcnn_resnet50_fpn": (137.420, "roi_heads.keypoint", 1 / 100),
    "maskrcnn_resnet50_fpn": (134.380, "roi_heads.mask", 0),
}

DETECTION = {
    "fasterrcnn_resnet50_fpn": 134.380,
    "fasterrcnn_resnet50_fpn_v2": 280.371,
    "fcos_resnet50_fpn": 128.207,
    "maskrcnn_resnet50_fpn_v2": 333.577,
    "retinanet_resnet50_fpn": 151.540,
    "retinanet_resnet50_fpn_v2": 152.238,
    "ssd300_vgg16": 34.858,
    "ssdlite320_mobilenet_v3_large": 0.583,
}
