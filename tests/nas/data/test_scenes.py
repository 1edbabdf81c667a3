"""What the procedural classes are called, and that scenes of other names are others."""

from dataclasses import replace

from nas.data.scenes import ARRANGEMENTS, CLASS_NAMES, PAIRS, TEXTURES, Scenes

SCENES = Scenes(name="train", seed=0, size=28, channels=3)


def test_class_names_are_words_and_all_different() -> None:
    assert len(CLASS_NAMES) == len(TEXTURES) * len(PAIRS) * len(ARRANGEMENTS) == 12
    assert len(set(CLASS_NAMES)) == 12
    assert CLASS_NAMES[0] == "two discs side by side on stripes"
    assert CLASS_NAMES[3] == "two crosses side by side on checks"
    assert CLASS_NAMES[10] == "disc and cross one above the other on stripes"


def test_name_and_seed_make_other_scenes_size_and_channels_do_not() -> None:
    assert SCENES.key == 4712750642264215032, "another key is other data: raise VERSION"
    assert replace(SCENES, size=64, channels=1).key == SCENES.key
    assert replace(SCENES, name="evaluation").key != SCENES.key
    assert replace(SCENES, seed=1).key != SCENES.key


def test_fingerprints_tell_scenes_apart() -> None:
    changes = [{}, {"name": "evaluation"}, {"seed": 1}, {"size": 64}, {"channels": 1}]
    assert len({replace(SCENES, **change).fingerprint() for change in changes}) == len(changes)
