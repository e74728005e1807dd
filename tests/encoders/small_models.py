"""Small sentence-transformers models made on the spot, in folders of their own."""

from pathlib import Path
from typing import Any

import torch
import transformers
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import modules
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors, trainers
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
    return _saved(folder, transformers.BertModel(config), tokenizer, "cls", **options)


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
    return _saved(folder, transformers.ModernBertModel(config), tokenizer, "mean")


def _tokenizer(*inputs: str) -> Any:
    tokenizer = Tokenizer(WordPiece(unk_token=SPECIAL[1]))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=400, special_tokens=list(SPECIAL), show_progress=False
    )
    tokenizer.train_from_iterator(PROBE_TEXTS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = {f"{name.strip('[]').lower()}_token": name for name in SPECIAL}
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_input_names=list(inputs), **names
    )


def _saved(folder: Path, network: Any, tokenizer: Any, pooling: str, **options: Any) -> Path:
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weights in network.parameters():
            weights.add_(0.3 * torch.randn(weights.shape, generator=generator))
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
