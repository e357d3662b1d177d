# complete.zsh SHELL LINE...: types each line and a TAB into bash or zsh, on a
# terminal of its own, and prints what the line is then, followed by "|".
# It keeps its files in the current folder.
zmodload zsh/zpty zsh/zselect
shell=$1 out=$PWD/line
shift
case $shell in
bash)
	print -r -- "
		for f in {/usr,/usr/local,/opt/homebrew}/share/bash-completion/bash_completion; do
			[ -r \$f ] && . \$f
		done
		source <(tracetest completion bash)
		bind 'set enable-bracketed-paste off'
		bind -x '\"\\C-o\": printf \"%s|\" \"\$READLINE_LINE\" >$out'" >bashrc
	zpty -b t bash --noprofile --rcfile bashrc -i
	;;
zsh)
	mkdir fpath
	tracetest completion zsh >fpath/_tracetest
	print -r -- "
		fpath=($PWD/fpath \$fpath)
		autoload -U compinit; compinit -u -D
		tell() { print -rn -- \"\$BUFFER|\" >$out; }
		zle -N tell; bindkey '^O' tell" >.zshrc
	export ZDOTDIR=$PWD
	zpty -b t zsh -d -i
	;;
esac
for line; do
	rm -f $out
	zpty -w -n t $line$'\t'
	for (( tries = 0; ; tries++ )); do
		zselect -t 10 # hundredths of a second
		zpty -w -n t $'\x0f'
		zselect -t 5
		[[ -s $out && "$(<$out)" != "$line|" ]] && break
		if (( tries == 200 )); then
			zpty -r t screen
			print -u2 -r -- "$shell completes nothing: $screen"
			exit 1
		fi
	done
	print -r -- "$(<$out)"
	zpty -w -n t $'\x15' # empties the line
done
zpty -d t
