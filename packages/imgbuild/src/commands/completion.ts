import { ImgbuildError } from "@imgbuild/errors";
import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";

const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `# To use it now: source <(imgbuild completion bash)
_imgbuild() {
  local line=\${COMP_LINE:0:COMP_POINT} IFS=$'\\n'
  COMPREPLY=($(imgbuild __complete "$line" 2>/dev/null))
  # bash splits words at colons and replaces only what follows the last one
  local word=\${line##* }
  if [[ $COMP_WORDBREAKS == *:* && $word == *:* ]]; then
    local before=\${word%"\${word##*:}"}
    COMPREPLY=("\${COMPREPLY[@]#"$before"}")
  fi
}
complete -o default -F _imgbuild imgbuild
`,
  zsh: `#compdef imgbuild
# To use it now: source <(imgbuild completion zsh)
_imgbuild() {
  local -a found
  found=(\${(f)"$(imgbuild __complete "$LBUFFER" 2>/dev/null)"})
  if (( $#found )); then compadd -- $found; else _files; fi
}
compdef _imgbuild imgbuild
`,
};

/** `imgbuild completion bash|zsh`: a script that asks \`imgbuild __complete LINE\` (see \`cli/complete.ts\`). */
export async function runCompletion(flags: Flags, host: Host): Promise<number> {
  const [shell = "", ...more] = flags.labels;
  const script = Object.hasOwn(SCRIPTS, shell) && more.length === 0 ? SCRIPTS[shell] : undefined;
  if (script === undefined) {
    throw new ImgbuildError("usage", `Cannot complete in "${flags.labels.join(" ")}": wanted bash or zsh`, {
      hint: "Put `source <(imgbuild completion bash)` into ~/.bashrc",
    });
  }
  if (flags.json) {
    throw new ImgbuildError("usage", "Cannot print a script with --json: both want stdout", {
      hint: "Leave --json out, and unset IMGBUILD_JSON",
    });
  }
  host.stdout.write(script);
  return 0;
}
