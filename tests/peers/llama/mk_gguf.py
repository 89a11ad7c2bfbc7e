"""Writes a tiny llama model of random weights: its words are noise; tokenisation, streaming and token counts are real.

Run by the environment of llama.cpp, not by ours: `python mk_gguf.py OUT.gguf`. Byte-level vocabulary, ChatML template.
"""

import sys

import gguf
import numpy as np

WIDTH, LAYERS, HEADS, FEED_FORWARD, CONTEXT_TOKENS = 64, 2, 4, 128, 2048
SPECIAL = 259  # unk, bos, eos and the 256 bytes
WORDS = (
    "the of and to in model data law client letter house style answer draft summary token stream local server hello "
    "world test data case time work Grüße über straße"
)
LETTERS = "\u2581abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?"
TEMPLATE = (
    "{% for m in messages %}{{'<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{'<|im_start|>assistant\n'}}{% endif %}"
)


def vocabulary() -> list[tuple[str, gguf.TokenType]]:
    """List the tokens: control marks, every byte, and readable pieces, so that the noise is text."""
    kind = gguf.TokenType
    tokens = [("<unk>", kind.UNKNOWN), ("<s>", kind.CONTROL), ("</s>", kind.CONTROL)]
    tokens += [(f"<0x{byte:02X}>", kind.BYTE) for byte in range(256)]
    tokens += [("<|im_start|>", kind.CONTROL), ("<|im_end|>", kind.CONTROL)]
    tokens += [("\u2581" + word, kind.NORMAL) for word in dict.fromkeys(WORDS.split())]
    tokens += [(letter, kind.NORMAL) for letter in LETTERS]
    return tokens


def add_header(writer: gguf.GGUFWriter, tokens: list[tuple[str, gguf.TokenType]]) -> None:
    """Describe the shape of the model and its tokenizer."""
    writer.add_name("tiny-random")
    writer.add_context_length(CONTEXT_TOKENS)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(0)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text.encode() for text, _ in tokens])
    writer.add_token_types([int(kind) for _, kind in tokens])
    writer.add_token_scores([0.0 if kind != gguf.TokenType.NORMAL else -float(i) for i, (_, kind) in enumerate(tokens)])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(tokens.index(("<|im_end|>", gguf.TokenType.CONTROL)))
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)
    writer.add_vocab_size(len(tokens))


def add_weights(writer: gguf.GGUFWriter, vocabulary_size: int) -> None:
    """Add random weights, the same ones every time."""
    generator = np.random.default_rng(0)

    def noise(*shape: int) -> np.ndarray:
        return (generator.standard_normal(shape) * 0.05).astype(np.float32)

    square, up, down = (WIDTH, WIDTH), (FEED_FORWARD, WIDTH), (WIDTH, FEED_FORWARD)
    shapes = {"attn_q": square, "attn_k": square, "attn_v": square, "attn_output": square}
    shapes |= {"ffn_gate": up, "ffn_up": up, "ffn_down": down}
    writer.add_tensor("token_embd.weight", noise(vocabulary_size, WIDTH))
    for layer in range(LAYERS):
        for name, shape in shapes.items():
            writer.add_tensor(f"blk.{layer}.{name}.weight", noise(*shape))
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(WIDTH, np.float32))
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    output = noise(vocabulary_size, WIDTH)
    output[:SPECIAL] = 0.0  # control marks and bytes stay unlikely: readable pieces win
    writer.add_tensor("output.weight", output * 8)


def main() -> None:
    """Write the model to the path given."""
    tokens = vocabulary()
    writer = gguf.GGUFWriter(sys.argv[1], "llama")
    add_header(writer, tokens)
    add_weights(writer, len(tokens))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
