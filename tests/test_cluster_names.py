"""Words and examples that tell an analyst what a cluster is about."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semroute.clusters import Grouping, examples, group, keywords, readable_name, readable_names
from semroute.vectors import unit_rows

# Keywords and names


def words_of(*clusters: list[str]) -> tuple[tuple[str, ...], ...]:
    texts = [text for cluster in clusters for text in cluster]
    ids = np.repeat(np.arange(len(clusters)), [len(cluster) for cluster in clusters])
    return keywords(texts, ids.astype(np.int64), len(clusters))


def test_keywords_are_what_a_cluster_says_and_others_do_not() -> None:
    refund, poem = words_of(
        ["please refund my order", "I want a refund for the order", "refund this please"] * 2,
        ["please write a poem", "write me a short poem", "a poem about the sea, please"] * 2,
    )
    assert refund[0] == "refund"
    assert poem[0] == "poem"
    assert "please" not in refund + poem


def test_weights_are_those_of_class_based_tf_idf_worked_by_hand() -> None:
    # 15 terms in 2 clusters, 7.5 a cluster; "apple" 10 in all, "melon" 3.
    # apple: 4 * log(1 + 7.5 / 10) = 2.24; melon: 3 * log(1 + 7.5 / 3) = 3.76
    melon_first, _ = words_of(["apple"] * 4 + ["melon"] * 3, ["apple"] * 6 + ["lemon"] * 2)
    assert melon_first == ("melon", "apple")
    # 12 terms in 2 clusters, 6 a cluster; "apple" 8 in all, "melon" 2.
    # apple: 7 * log(1 + 6 / 8) = 3.92; melon: 2 * log(1 + 6 / 2) = 2.77
    apple_first, _ = words_of(["apple"] * 7 + ["melon"] * 2, ["apple"] + ["lemon"] * 2)
    assert apple_first == ("apple", "melon")


def test_a_word_of_a_single_text_is_no_keyword_where_others_are_shared() -> None:
    words, _ = words_of(["refund"] * 4 + ["refund for zaphod"], ["poem"] * 5)
    assert words == ("refund",)


def test_a_cluster_of_a_few_queries_tells_no_word_of_its_own() -> None:
    """It could be one person's: only words that five texts of the log hold are shown."""
    few, many = words_of(["my divorce from henrietta, a refund"] * 4, ["refund order"] * 5)
    assert few == ("refund",)
    assert many[0] in {"order", "refund"}
    assert words_of(["henrietta blackwood"], ["poem"] * 5)[0] == ("other",)


def test_a_text_that_repeats_a_word_does_not_speak_for_its_cluster() -> None:
    (words,) = words_of(
        ["spam " * 500, "refund now", "refund today", "refund tomorrow", "refund soon"]
    )
    assert words[0] == "refund"


@pytest.mark.parametrize(
    "texts",
    [
        ["12", "345", "7 8"],
        ["请把这段话翻译成英文", "请翻译这段话"],
        ["俳句を書いてください", "詩を書いてください"],
        ["🙂👍", "🙂🙂"],
        ["what is it", "it is what it is", "who are you"],
        ["x = [i for i in range(10)]", "f(x) -> y;"],
        ["?!", "..."],
        ["a", "b"],
        ["4111 1111 1111 1111", "sk-abcdefghijklmnopqrstuvwxyz"],
        ["नमस्ते दुनिया", "नमस्ते"],
        ["مرحبا بالعالم", "مرحبا"],
        ["\x00\x01", "\u202e"],
        ["_", "__"],
    ],
    ids=lambda texts: ascii(texts[0])[:20],
)
def test_every_cluster_has_keywords_whatever_its_texts_are_written_in(texts: list[str]) -> None:
    for found in (words_of(texts * 3), words_of(texts, ["refund my order", "refund it"])):
        assert found[0]
        assert all(word.strip() for word in found[0])
        assert all(word.isprintable() for word in found[0])


def test_a_long_line_of_dashes_or_letters_takes_no_longer_than_it_is_long() -> None:
    texts = ["-" * 200_000, "x" * 200_000, "ab/" * 70_000]
    start = time.perf_counter()
    words_of(texts, ["an order of tea"])
    assert time.perf_counter() - start < 5


def test_words_of_scripts_with_vowel_signs_stay_whole() -> None:
    (words,) = words_of(["नमस्ते दुनिया", "नमस्ते जी"] * 3)
    assert words[0] == "नमस्ते"


GERMAN = [
    "Die Rechnung und die Mahnung sind falsch, bitte um die Korrektur",
    "Wo ist die Lieferung und wann kommt die Sendung?",
    "Die Pumpe ist laut und die Dichtung tropft",
    "Ist die Haftung im Vertrag wirksam und die Frist gewahrt?",
    "Wie viel Urlaub habe ich und wohin muss die Krankmeldung?",
    "Die Anmeldung klappt nicht und das Kennwort ist die Ursache",
    "Bitte die Montage verschieben und die Uhrzeit im Termin nennen",
    "Berechne die Welle und die Drehzahl",
    "Wann ist die Wartung am Getriebe und die Reinigung?",
]


def test_stop_words_of_any_language_are_learned_from_the_clusters() -> None:
    found = words_of(*([text] * 6 for text in GERMAN))
    said = {word for words in found for term in words for word in term.split()}
    assert not said & {"die", "und"}
    assert {"mahnung", "lieferung", "dichtung", "drehzahl"} <= said


def test_a_few_clusters_show_no_stop_words() -> None:
    found = words_of(*([text] * 6 for text in GERMAN[:3]))
    said = " ".join(term for words in found for term in words)
    assert "die" in said.split()


def test_what_a_few_texts_of_each_cluster_say_is_no_stop_word() -> None:
    clusters = [[f"topic{c} handled"] * 40 + ["the pump"] for c in "abcdefghi"]
    about_pumps = [f"pump {word}" for word in ("leaks", "stops", "hums", "drips")] * 10
    assert words_of(*clusters, about_pumps)[-1][0] == "pump"


def test_a_sharp_s_stays_one() -> None:
    (words,) = words_of(["Die Straße ist groß", "Straße, GROẞ"] * 3)
    assert {"straße", "groß"} <= set(words)


def test_a_long_compound_is_a_word_and_a_long_key_is_none() -> None:
    key = "QwErTyUiOpAsDfGhJkLzXcVbNm"
    (words,) = words_of([f"Die Arbeitsunfähigkeitsbescheinigung {key}"] * 6)
    assert "arbeitsunfähigkeitsbescheinigung" in " ".join(words)
    assert key.lower() not in " ".join(words)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.text(max_size=30), min_size=1, max_size=8), min_size=1, max_size=4))
def test_any_texts_give_one_to_eight_distinct_keywords(clusters: list[list[str]]) -> None:
    for words in words_of(*clusters):
        assert 1 <= len(words) <= 8
        assert len(set(words)) == len(words)


SECRETS = [
    "sk-proj-Abc123Def456Ghi789Jkl012",
    "AKIAABCDEFGHIJKLMNOP",
    "ada.lovelace@example.org",
    "4111 1111 1111 1111",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "550e8400-e29b-41d4-a716-446655440000",
    "dGhpcyBpcyBhIHNlY3JldCB0b2tlbg0K",
    "192.168.17.45",
    "+44 20 7946 0958",
    "1234567890123",
    "QwErTyUiOpAsDfGhJkLzXcVbNmQwErTy",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_becomes_a_keyword_even_when_every_text_holds_it(secret: str) -> None:
    for texts in ([f"my token is {secret} thanks"] * 9, [secret] * 9):
        (words,) = words_of(texts)
        assert secret.casefold() not in {word.casefold() for word in words}
        assert all(sum(c.isdigit() for c in word) <= 8 for word in words)
        assert all(len(word) <= 50 for word in words)


def test_keywords_do_not_depend_on_the_order_of_texts() -> None:
    texts = [f"{a} {b}" for a in ("order", "refund", "parcel") for b in ("late", "lost", "blue")]
    ids = np.arange(9) % 2
    order = np.random.default_rng(0).permutation(9)
    assert keywords(texts, ids, 2) == keywords([texts[i] for i in order], ids[order], 2)


def test_keywords_of_many_texts_come_in_seconds() -> None:
    generator = np.random.default_rng(0)
    vocabulary = np.array([f"w{a}{b}" for a in "abcdefghij" for b in "klmnopqrst"])
    texts = [" ".join(row) for row in generator.choice(vocabulary, size=(5_000, 10))]
    started = time.perf_counter()
    found = keywords(texts, generator.integers(0, 300, size=5_000), 300)
    assert time.perf_counter() - started < 10
    assert len(found) == 300


def test_a_name_is_the_three_most_telling_keywords() -> None:
    assert readable_name(("refund", "order", "late delivery", "parcel")) == (
        "refund, order, late delivery"
    )


@given(st.lists(st.lists(st.sampled_from(["a", "b", "a (2)"]), min_size=1, max_size=2)))
def test_names_are_unique(words: list[list[str]]) -> None:
    names = readable_names(words)
    assert len(names) == len(words) == len(set(names))


def test_words_that_most_clusters_share_are_named_last() -> None:
    template = ("answer", "choice", "explain")
    topics = ("rock", "moon", "cell", "speed")
    found = readable_names([*((*template, topic, "lab") for topic in topics), ("poem", "sea")])
    assert found == (*(f"{topic}, answer, choice" for topic in topics), "poem, sea")
    assert readable_names([(*template, "moon")] * 2)[0] == "answer, choice, explain"


def test_thousands_of_equal_names_are_numbered_in_order() -> None:
    # Looking each number up anew takes cubic time.
    names = readable_names([("other",)] * 20_000)
    assert names[:3] == ("other", "other (2)", "other (3)")
    assert names[-1] == "other (20000)"


# Examples


def one_cluster(n: int) -> Grouping:
    """A cluster of n rows, of falling similarity."""
    return Grouping(
        centroids=np.eye(3, dtype=np.float32)[:1],
        cluster_ids=np.zeros(n, dtype=np.int64),
        similarities=np.linspace(0.9, 0.1, n, dtype=np.float32),
        medoids=np.array([0]),
        n_noise=0,
    )


def test_the_medoid_comes_first_and_then_ever_farther_members() -> None:
    (chosen,) = examples([f"text {'abcdefghi'[i]}" for i in range(9)], one_cluster(9), 3)
    assert chosen == ("text a", "text d", "text g")


def test_clusters_of_fewer_than_five_members_show_nothing() -> None:
    assert examples(list("abcd"), one_cluster(4)) == ((),)
    assert len(examples(list("abcde"), one_cluster(5))[0]) == 3


def test_equal_texts_are_shown_once() -> None:
    (chosen,) = examples(["same"] * 8 + ["other"], one_cluster(9), 5)
    assert chosen == ("same", "other")


def test_texts_that_are_equal_once_masked_are_shown_once() -> None:
    (chosen,) = examples([f"mail a{c}@example.org" for c in "bcdefg"], one_cluster(6))
    assert chosen == ("mail [email]",)


def test_every_cluster_has_its_own_examples() -> None:
    texts = [f"{c} {i}" for c in "xy" for i in "abcdef"]
    noise = 0.05 * np.random.default_rng(0).standard_normal((12, 5))
    vectors = unit_rows(np.repeat(np.eye(5)[:2], 6, axis=0) + noise)
    found = group(vectors, np.arange(12), np.repeat([0, 1], 6), texts)
    for cluster, chosen in enumerate(examples(texts, found)):
        members = {texts[row] for row in np.flatnonzero(found.cluster_ids == cluster)}
        assert len(chosen) == 3
        assert set(chosen) <= members
        assert chosen[0] == texts[found.medoids[cluster]]
