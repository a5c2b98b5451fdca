"""The notation, topic by topic: what each short form means in long form, and what is refused.

Both sides of a pair expand to the same operations on the same inputs. What a file must not say is
listed beside it with the words of the error.
"""

import re
from collections.abc import Callable

import pytest

from searchspace import Genotype, GenotypeError, expand, to_yaml
from searchspace.expansion import trace

TOPICS: dict[str, dict[str, list[tuple[str, str]]]] = {
    "from and as": {
        "same": [
            ("- conv: {out: 4}\n- act:",
             "- conv: {out: 4, as: a}\n- act: {from: a}"),
            ("- conv: {out: 4}\n- act: {from: _}",
             "- conv: {out: 4}\n- act:"),
            ("- conv: {out: 4, as: a}\n- act: {as: b}\n- add: {from: [a, b]}",
             "- conv: {out: 4, as: a}\n- act:\n- add: {from: [a, _]}"),
            ("- act\n- gap",                            # a step without parameters
             "- act:\n- gap: {}"),
            ("- act: {as: a}\n- add: {from: [a, a]}",   # one tensor twice
             "- act: {as: a}\n- identity: {as: b}\n- add: {from: [a, b]}"),
            ("- act: {as: a}\n- gap: {as: lost}\n- concat: {from: [a, none]}",
             "- act: {as: a}\n- concat: {from: [a]}"),
            ("- act: {as: a}\n- conv: {from: a, out: 4, as: b}\n"
             "- conv: {from: a, out: 2, as: c}\n- concat: {from: loose}",
             "- act: {as: a}\n- conv: {from: a, out: 4, as: b}\n"
             "- conv: {from: a, out: 2, as: c}\n- concat: {from: [b, c]}"),
            ("- act: {as: a}\n- conv: {from: a, out: 4, as: b}\n"
             "- conv: {from: a, out: 2, as: c}\n- concat: {from: [c, loose, a]}",
             "- act: {as: a}\n- conv: {from: a, out: 4, as: b}\n"
             "- conv: {from: a, out: 2, as: c}\n- concat: {from: [c, b, a]}"),
        ],
        "refused": [
            ("- act: {as: stem}\n- act: {from: stme}",
             "no tensor 'stme' so far; did you mean 'stem'"),
            ("- act: {from: later}\n- act: {as: later}", "no tensor 'later' so far"),
            ("- act: {as: a}\n- act: {as: a}", "the name 'a' is taken"),
            ("- act: {from: 3}", "from takes names of tensors, not 3"),
            ("- act: {from: []}", "from is an empty list"),
            ("- concat: {from: none}", "nothing is left over"),
            ("- concat: {from: loose}", "nothing is left over"),
            ("- act: {as: input}", "as takes names"),
            ("- act: {as: loose}", "as takes names"),
            ("- act: {as: 3x}", "as takes names"),
            ("- act: {as: [a, a]}", "names 'a' twice"),
            ("- act: {as: [a, b]}", "as gives 2 names to 0 tensors"),
            ("- add:", "add takes 2 or more inputs, not 1; name them"),
            ("- act: {as: a}\n- act: {from: [a, a]}", "act takes 1 inputs, not 2"),
        ],
    },
    "inline branches": {
        "same": [
            ("- add: {of: [{conv: {out: 8}}, _]}",
             "- identity: {as: x}\n- conv: {out: 8, as: c}\n- add: {from: [c, x]}"),
            ("- act: {as: a}\n- add: {of: [a, {conv: {out: 8}}]}",
             "- act: {as: a}\n- conv: {out: 8, as: c}\n- add: {from: [a, c]}"),
            ("- concat: {of: [[{conv: {out: 4}}, act: ], [{dw: }, {conv: {out: 2, k: 1}}]]}",
             "- identity: {as: x}\n- conv: {out: 4}\n- act: {as: a}\n- dw: {from: x}\n"
             "- conv: {out: 2, k: 1, as: b}\n- concat: {from: [a, b]}"),
            ("- concat: {of: [{conv: {out: 4, as: a}}, {conv: {out: 2}}]}\n- conv: {from: a, out: 3}",
             "- identity: {as: x}\n- conv: {out: 4, as: a}\n- conv: {from: x, out: 2, as: b}\n"
             "- concat: {from: [a, b]}\n- conv: {from: a, out: 3}"),
            ("- add: {of: [{add: {of: [{dw: }, act: ]}}, _]}",          # branches in branches
             "- identity: {as: x}\n- dw: {as: a}\n- act: {from: x, as: b}\n"
             "- add: {from: [a, b], as: c}\n- add: {from: [c, x]}"),
            ("- act: {as: x}\n- dw:\n- mul: {of: [{gap: {from: x}}, {act: {from: _}}]}",
             "- act: {as: x}\n- dw: {as: d}\n- gap: {from: x, as: g}\n- act: {from: d, as: e}\n"
             "- mul: {from: [g, e]}"),
        ],
        "refused": [
            ("- add: {of: a}", "of takes a list of branches"),
            ("- add: {of: []}", "of takes a list of branches"),
            ("- add: {of: [3, _]}",
             "a branch is a tensor's name, a step or a list of steps, not 3"),
            ("- add: {of: [x, _]}", "no tensor 'x' so far"),
            ("- add: {of: [[{split: {as: [a, b]}}], _]}", "a branch ends in several tensors"),
            ("- identity: {of: [_]}", "'of' has no effect on identity"),
            ("- add: {of: [{cnov: {out: 8}}, _]}", "'cnov'; did you mean 'conv'"),
        ],
    },
    "repeat, first and each": {
        "same": [
            ("- conv: {out: 4, repeat: 3}",
             "- conv: {out: 4}\n- conv: {out: 4}\n- conv: {out: 4}"),
            ("- conv: {out: 4, repeat: 2, first: {stride: 2}}",
             "- conv: {out: 4, stride: 2}\n- conv: {out: 4}"),
            ("- conv: {out: 4, repeat: 3, each: {k: [1, 3, 5], stride: [2, 1, 2]}}",
             "- conv: {out: 4, k: 1, stride: 2}\n- conv: {out: 4}\n- conv: {out: 4, k: 5, stride: 2}"),
            ("- conv: {repeat: 2, each: {out: [4, 6]}}",                # also of a required one
             "- conv: {out: 4}\n- conv: {out: 6}"),
            ("- conv: {out: 4, repeat: 2, first: {stride: 2}, each: {k: [1, 5]}}",
             "- conv: {out: 4, k: 1, stride: 2}\n- conv: {out: 4, k: 5}"),
            ("- conv: {out: =2*cin, k: 1, repeat: 3}",                  # cin of each repeat's input
             "- conv: {out: 16, k: 1}\n- conv: {out: 32, k: 1}\n- conv: {out: 64, k: 1}"),
            ("- act:\n- conv: {out: 4, repeat: 0, as: a}\n- add: {from: [a, _]}",
             "- act: {as: a}\n- add: {from: [a, a]}"),
            ("- conv: {out: 8, repeat: 2, as: a}\n- add: {from: [a, a]}",   # the name of the last
             "- conv: {out: 8}\n- conv: {out: 8, as: a}\n- add: {from: [a, a]}"),
            ("- add: {repeat: 2, of: [{dw: }, _]}",
             "- identity: {as: x}\n- dw: {as: a}\n- add: {from: [a, x], as: y}\n- dw: {as: b}\n"
             "- add: {from: [b, y]}"),
            ("args: {n: 4}\nnet:\n- conv: {out: 4, repeat: =n/2}",
             "- conv: {out: 4}\n- conv: {out: 4}"),
        ],
        "refused": [
            ("- conv: {out: 4, first: {stride: 2}}", "'first' has no effect without 'repeat'"),
            ("- conv: {out: 4, each: {k: [1]}}", "'each' has no effect without 'repeat'"),
            ("- conv: {out: 4, repeat: 2, first: {strid: 2}}", "'strid'; did you mean 'stride'"),
            ("- conv: {out: 4, repeat: 2, each: {kk: [1, 3]}}", "conv has no parameter 'kk'"),
            ("- conv: {out: 4, repeat: 3, each: {k: [1, 3]}}", "2 values of 'k' for 3 repeats"),
            ("- conv: {out: 4, repeat: 1, each: {k: [1, 3]}}", "2 values of 'k' for 1 repeats"),
            ("- conv: {out: 4, k: 3, repeat: 1, each: {k: [1]}}", "both per repeat and otherwise"),
            ("- conv: {out: 4, repeat: 1, first: {k: 3}, each: {k: [1]}}", "both per repeat"),
            ("- conv: {out: 4, repeat: 2, each: true}", "each: true has no effect without a hole"),
            ("- conv: {out: 4, repeat: 2, each: false}", "each is `true`, or lists"),
            ("- conv: {out: 4, repeat: 2, each: {k: 3}}", "a list with one value for each repeat"),
            ("- conv: {out: 4, repeat: 2, first: 3}", "first takes the parameters to change"),
            ("- conv: {out: 4, repeat: -1}",
             "repeat must be a whole number from 0 to 1000, not -1"),
            ("- conv: {out: 4, repeat: 1001}", "from 0 to 1000, not 1001"),
            ("- conv: {out: 4, repeat: 1.5}", "from 0 to 1000, not 1.5"),
            ("- conv: {out: 4, repeat: true}", "from 0 to 1000, not True"),
            ("- conv: {out: 4, repeat: =cin/3}", "from 0 to 1000, not 8/3"),
            ("- split: {as: [a, b], repeat: 2}", "'repeat' has no effect on split"),
        ],
    },
    "when": {
        "same": [
            ("- act:\n- conv: {out: 4, when: =cin > 8}\n- gap:", "- act:\n- gap:"),
            ("- conv: {out: 4, when: =cin == 8}", "- conv: {out: 4}"),
            ("- conv: {out: 4, when: false}\n- conv: {out: 2, when: true}", "- conv: {out: 2}"),
            ("- act:\n- conv: {out: 4, when: false, as: a}\n- add: {from: [a, a]}",  # passes through
             "- act: {as: a}\n- add: {from: [a, a]}"),
            ("- act: {as: a}\n- conv: {out: 8}\n- residual: {from: a, when: false}\n- gap:",
             "- act:\n- conv: {out: 8}\n- gap:"),            # what goes on is not the shortcut
            ("- conv: {out: 4, stride: 2}\n- gap: {when: =_.h > 1 and not (_.w > 8 or cin == 5)}",
             "- conv: {out: 4, stride: 2}\n- gap:"),
        ],
        "refused": [
            ("- act: {when: 1}", "when must be true or false, not 1"),
            ("- act: {when: =cin}", "when must be true or false, not 8"),
            ("- act: {when: on}", "when must be true or false, not 'on'"),
        ],
    },
    "blocks": {
        "same": [
            ("blocks: {b: {args: {out: , k: 3}, body: [conv: {out: =out, k: =k}, act: ]}}\n"
             "net: [b: {out: 4}, b: {out: 2, k: 5}]",
             "- conv: {out: 4}\n- act:\n- conv: {out: 2, k: 5}\n- act:"),
            ("blocks: {b: {args: {c: , h: =c/2, n: =cin*h}, body: [conv: {out: =n*x.h - c}]}}\n"
             "net: [b: {c: 4}]",                        # defaults see earlier arguments and inputs
             "- conv: {out: 252}"),
            ("blocks: {b: {body: [dw: , add: {from: [x, _]}]}}\nnet: [b: {repeat: 2}]",
             "- identity: {as: x}\n- dw: {as: a}\n- add: {from: [x, a], as: y}\n- dw: {as: b}\n"
             "- add: {from: [y, b]}"),
            ("blocks: {inner: {body: [act: ]}, outer: {body: [inner: , inner: ]}}\nnet: [outer: ]",
             "- act:\n- act:"),
            ("blocks: {b: {in: {x: , y: }, body: [add: {from: [x, y]}]}}\n"
             "net: [act: {as: p}, dw: {as: q}, b: {from: [p, q]}]",
             "- act: {as: p}\n- dw: {as: q}\n- add: {from: [p, q]}"),
            ("blocks: {b: {in: {x: , y: x}, body: [add: {from: [x, y]}]}}\nnet: [act: , b: ]",
             "- act: {as: p}\n- add: {from: [p, p]}"),
            ("blocks: {b: {body: [split: {as: [l, r]}], out: {l: l, r: r}}}\n"
             "net: [b: {as: [p, q]}, concat: {from: [q, p]}]",          # both outputs named
             "- split: {as: [p, q]}\n- concat: {from: [q, p]}"),
            ("blocks: {mbconv: {args: {out: }, body: [conv: {out: =out}]}}\nnet: [mbconv: {out: 4}]",
             "- conv: {out: 4}"),                       # a local block hides the bundled one
        ],
        "refused": [
            ("blocks: {b: {args: {out: }, body: [conv: {out: =out}]}}\nnet: [b: ]", "b needs out"),
            ("blocks: {b: {args: {out: }, body: [conv: {out: =out}]}}\nnet: [b: {outt: 3, out: 3}]",
             "b has no parameter 'outt'; did you mean 'out'"),
            ("blocks: {b: {args: {q: 1}, body: [act: ]}}\nnet: [b: ]",
             "argument 'q' of block 'b' is never used"),
            ("blocks: {b: {bdoy: [act: ]}}\nnet: [b: ]",
             "block 'b' has no 'bdoy'; did you mean 'body'"),
            ("blocks: {b: {args: {}}}\nnet: [b: ]", "block 'b' needs a body"),
            ("blocks: {b: {body: []}}\nnet: [b: ]", "block 'b' needs a body"),
            ("blocks: {b: [act: ]}\nnet: [b: ]", "block 'b' must be a mapping with a body"),
            ("blocks: {a: {body: [b: ]}, b: {body: [a: ]}}\nnet: [a: ]", "calls itself: a → b → a"),
            ("blocks: {a: {body: [act: , a: ]}}\nnet: [a: ]", "calls itself: a → a"),
            ("blocks: {conv: {body: [act: ]}}\nnet: [conv: ]",
             "'conv' is an operation or a reserved"),
            ("blocks: {repeat: {body: [act: ]}}\nnet: [repeat: ]", "is an operation or a reserved"),
            ("blocks: {b: {args: {cin: 1}, body: [act: ]}}\nnet: [b: ]", "'cin' cannot name"),
            ("blocks: {b: {args: {from: 1}, body: [act: ]}}\nnet: [b: ]", "'from' cannot name"),
            ("blocks: {b: {args: {a: =z, z: 1}, body: [conv: {out: =a}]}}\nnet: [b: ]",
             "'=z': no argument 'z'"),
            ("blocks: {b: {in: {x: y}, body: [act: ]}}\nnet: [b: ]", "not to 'y'"),
            ("blocks: {b: {in: {x: , y: }, body: [add: {from: [x, y]}]}}\nnet: [act: , b: ]",
             "b needs the input 'y', and nothing of that name travels here"),
            ("blocks: {b: {body: [act: ]}}\nnet: [act: {as: p}, b: {from: [p, p]}]",
             "b takes at most 1 input, not 2"),
            ("blocks: {b: {body: [act: {as: yes}], out: {x: yse}}}\nnet: [b: ]",
             "no tensor 'yse' in the body; did you mean 'yes'"),
            ("blocks: {b: {body: [split: {as: [l, r]}]}}\nnet: [b: ]", "ends in several tensors"),
            ("blocks: {b: {body: [split: {as: [l, r]}]}}\nnet: [b: {repeat: 2}]",
             "b ends in several tensors; it cannot repeat"),
            ("blocks: {b: {body: [act: {as: l}], out: {l: l}}}\nnet: [b: {as: [p, q]}]",
             "as gives 2 names to 1 tensors"),
            ("- conv: {out: =w}", "no argument 'w'"),
        ],
    },
    "travelling tensors": {
        "same": [
            ("blocks: {he: {in: {x: , sum: x}, args: {out: }, body: [conv: {out: =out, as: y},\n"
             "  add: {from: [sum, y], as: s}, act: {as: z}], out: {x: z, sum: s}}}\n"
             "net: [he: {out: 8, repeat: 2}]",          # a repeat threads outputs to inputs by name
             "- identity: {as: x}\n- conv: {out: 8, as: y}\n- add: {from: [x, y], as: s}\n"
             "- act: {as: z}\n- conv: {out: 8, as: y2}\n- add: {from: [s, y2]}\n- act:"),
            ("blocks: {he: {in: {x: , sum: x}, args: {out: }, body: [conv: {out: =out, as: y},\n"
             "  add: {from: [sum, y], as: s}, act: {as: z}], out: {x: z, sum: s}}}\n"
             "net: [he: {out: 8}, he: {out: 8}]",       # so do two calls in a row
             "- identity: {as: x}\n- conv: {out: 8, as: y}\n- add: {from: [x, y], as: s}\n"
             "- act: {as: z}\n- conv: {out: 8, as: y2}\n- add: {from: [s, y2]}\n- act:"),
            ("blocks: {he: {in: {x: , sum: x}, args: {out: }, body: [conv: {out: =out, as: y},\n"
             "  add: {from: [sum, y], as: s}, act: {as: z}], out: {x: z, sum: s}}}\n"
             "net: [he: {out: 8}, dw: , he: {out: 8}]", # a plain step drops them
             "- identity: {as: x}\n- conv: {out: 8, as: y}\n- add: {from: [x, y], as: s}\n"
             "- act: {as: z}\n- dw: {as: d}\n- conv: {out: 8, as: y2}\n- add: {from: [d, y2]}\n"
             "- act:"),
            ("blocks: {he: {in: {x: , sum: x}, args: {out: }, body: [conv: {out: =out, as: y},\n"
             "  add: {from: [sum, y], as: s}, act: {as: z}], out: {x: z, sum: s}}}\n"
             "net: [he: {out: 8}, dw: {when: false}, identity: , he: {out: 8}]",   # these do not
             "- identity: {as: x}\n- conv: {out: 8, as: y}\n- add: {from: [x, y], as: s}\n"
             "- act: {as: z}\n- conv: {out: 8, as: y2}\n- add: {from: [s, y2]}\n- act:"),
            ("blocks: {he: {in: {x: , sum: x}, args: {out: }, body: [conv: {out: =out, as: y},\n"
             "  add: {from: [sum, y], as: s}, act: {as: z}], out: {x: z, sum: s}}}\n"
             "net: [he: {out: 8, as: a}, he: {from: a, out: 8}]",     # named: that tensor alone
             "- identity: {as: x}\n- conv: {out: 8, as: y}\n- add: {from: [x, y], as: s}\n"
             "- act: {as: z}\n- conv: {out: 8, as: y2}\n- add: {from: [z, y2]}\n- act:"),
            ("blocks: {cell: {in: {x: , prev: x}, body: [add: {from: [x, prev], as: y}],\n"
             "  out: {x: y, prev: x}}}\nnet: [act: , cell: {repeat: 3}]",  # two inputs, as NASNet's
             "- act: {as: a}\n- add: {from: [a, a], as: b}\n- add: {from: [b, a], as: c}\n"
             "- add: {from: [c, b]}"),
        ],
        "refused": [],
    },
    "steps as arguments": {
        "same": [
            ("blocks: {b: {args: {f: }, body: [=f: {out: 4}, =f: {from: x, out: 6}]}}\n"
             "net: [b: {f: {conv: {k: 1}}}]",
             "- identity: {as: x}\n- conv: {k: 1, out: 4}\n- conv: {from: x, k: 1, out: 6}"),
            ("blocks: {b: {args: {f: conv}, body: [=f: {out: 4}]}}\nnet: [b: , b: {f: {mbconv: }}]",
             "- conv: {out: 4}\n- mbconv: {out: 4}"),   # an operation's name will do
            ("blocks: {b: {args: {f: }, body: [=f: {from: x, out: 4, repeat: 2}]}}\n"
             "net: [b: {f: {conv: {k: 1}}}]",
             "- conv: {k: 1, out: 4}\n- conv: {k: 1, out: 4}"),
            ("blocks: {b: {args: {f: }, body: [=f: ]}, c: {args: {k: , g: {conv: {k: 1}}},\n"
             "  body: [b: {f: {conv: {out: =k, k: =k}}}, =g: {out: =k}]}}\nnet: [c: {k: 5}]",
             "- conv: {out: 5, k: 5}\n- conv: {out: 5, k: 1}"),       # it sees where it was written
            ("blocks: {b: {args: {f: }, body: [=f: ]}, c: {args: {f: }, body: [b: {f: =f}]}}\n"
             "net: [c: {f: {act: }}]", "- act:"),       # handed on
        ],
        "refused": [
            ("blocks: {b: {args: {f: }, body: [=f: {out: 4}]}}\nnet: [b: {f: {conv: {out: 3}}}]",
             "'out' is given by the passed step 'conv' and where it is called"),
            ("blocks: {b: {args: {f: }, body: [=f: ]}}\nnet: [b: {f: {conv: }}]", "conv needs out"),
            ("blocks: {b: {args: {f: }, body: [=f: {outt: 3}]}}\nnet: [b: {f: {conv: {out: 3}}}]",
             "conv has no parameter 'outt'; did you mean 'out'"),
            ("blocks: {b: {args: {f: }, body: [=f: ]}}\nnet: [b: {f: {act: {repeat: 2}}}]",
             "'repeat' has no effect in a step that is passed on"),
            ("blocks: {b: {args: {f: }, body: [=f: ]}}\nnet: [b: {f: {act: {when: false}}}]",
             "'when' has no effect in a step that is passed on"),
            ("blocks: {b: {args: {f: }, body: [=f: ]}}\nnet: [b: {f: atc}]",
             "not 'atc'; did you mean 'act'"),
            ("blocks: {b: {args: {f: }, body: [=g: , =f: ]}}\nnet: [b: {f: {act: }}]",
             "no argument 'g'; known: f"),
            ("blocks: {b: {args: {f: }, body: [conv: {out: =f}]}}\nnet: [b: {f: {act: }}]",
             "a whole number expected, not a step"),
            ("blocks: {b: {args: {f: }, body: [conv: {out: =f + 1}]}}\nnet: [b: {f: {act: }}]",
             "cannot calculate with a step and 1"),
            ("- conv: {out: {act: }}", "a whole number expected, not a step"),
            ("- conv: {out: {a: 1, b: 2}}", "a mapping as a value is a step, with one key"),
            ("blocks: {f: {args: {g: }, body: [=g: {g: =g}]}}\nnet: [f: {g: {f: }}]",
             "blocks call blocks"),                # a block that is handed to itself
        ],
    },
    "split": {
        "same": [
            ("- split: {as: [a, b]}\n- add: {from: [a, b]}",
             "- identity: {as: x}\n- slice: {start: 0, length: 4, as: a}\n"
             "- slice: {from: x, start: 4, length: 4, as: b}\n- add: {from: [a, b]}"),
            ("- split: {sizes: [5, =cin - 5], as: [a, b]}\n- concat: {from: [b, a]}",
             "- identity: {as: x}\n- slice: {start: 0, length: 5, as: a}\n"
             "- slice: {from: x, start: 5, length: 3, as: b}\n- concat: {from: [b, a]}"),
        ],
        "refused": [
            ("- split: {as: [a, b, c]}", "8 channels do not divide into 3 equal parts"),
            ("- split: {sizes: [4, 3], as: [a, b]}",
             "sizes are 2 whole numbers that add up to the 8"),
            ("- split: {sizes: [8], as: [a, b]}", "sizes are 2 whole numbers"),
            ("- split: {sizes: [x, y], as: [a, b]}", "sizes are 2 whole numbers"),
            ("- split: {sizes: [9, -1], as: [a, b]}", "slice: channels 0 to 9 of 8"),
            ("- split: {sizes: 4, as: [a, b]}", "sizes are 2 whole numbers"),
            ("- split:", "split needs 'as'"),
            ("- split: {as: [a, b], from: [_, _]}", "split takes one tensor, not 2"),
            ("- split: {as: [a, b]}\n- act:", "act: there is no single previous tensor here"),
            ("- split: {as: [a, b]}", "the network ends in several tensors"),
        ],
    },
    "residual": {
        "same": [
            ("- act: {as: a}\n- dw:\n- residual: {from: a}",
             "- act: {as: a}\n- dw: {as: b}\n- add: {from: [b, a]}"),
            ("- act: {as: a}\n- conv: {out: 4}\n- residual: {from: a}",     # shapes differ: none
             "- act:\n- conv: {out: 4}"),
            ("- act: {as: a}\n- conv: {out: 4, stride: 2}\n"
             "- residual: {from: a, project: {conv: {k: 1, act: none}}}",
             "- act: {as: a}\n- conv: {out: 4, stride: 2, as: b}\n"
             "- conv: {from: a, k: 1, act: none, out: 4, stride: 2, as: p}\n- add: {from: [b, p]}"),
            ("- act: {as: a}\n- dw:\n- residual: {from: a, project: {conv: {k: 1}}}",   # not needed
             "- act: {as: a}\n- dw: {as: b}\n- add: {from: [b, a]}"),
        ],
        "refused": [
            ("- act:\n- residual:", "residual needs 'from'"),
            ("- act: {as: a}\n- dw:\n- residual: {from: [a, a]}", "residual adds one tensor"),
            ("- act: {as: a}\n- conv: {out: 4}\n- residual: {from: a, project: conv}",
             "project is a step"),
            ("- act: {as: a}\n- conv: {out: 4, stride: 2}\n"
             "- residual: {from: a, project: {conv: {k: 1, pad: 2}}}",
             "projected to 4×10×10, not 4×8×8"),
            ("- act: {as: a}\n- conv: {out: 4}\n- residual: {from: a, porject: {conv: {k: 1}}}",
             "residual has no parameter 'porject'; did you mean 'project'"),
        ],
    },
    "wire": {
        "same": [
            ("- wire: {edges: [[0, 1], [0, 2], [1, 2]], node: {dw: }}",
             "- dw: {as: n0}\n- dw: {as: n1}\n- wsum: {from: [n0, n1]}\n- dw:"),
            ("- wire: {edges: [[0, 2], [1, 2]], node: {dw: }, source: {dw: {stride: 2}}, join: add}",
             "- identity: {as: x}\n- dw: {stride: 2, as: n0}\n- dw: {from: x, stride: 2, as: n1}\n"
             "- add: {from: [n0, n1]}\n- dw:"),
            ("- wire: {edges: [[0, 1], [0, 2]], node: {conv: {out: 4}}, out: concat}",
             "- conv: {out: 4, as: n0}\n- conv: {out: 4, as: n1}\n- conv: {from: n0, out: 4, as: n2}\n"
             "- concat: {from: [n1, n2]}"),
            ("- wire: {n: 3, back: [1, 2, 4], node: {conv: {out: 2}}, join: concat}",
             "- identity: {as: x}\n- conv: {out: 2, as: n1}\n- concat: {from: [n1, x]}\n"
             "- conv: {out: 2, as: n2}\n- concat: {from: [n2, n1]}\n- conv: {out: 2, as: n3}\n"
             "- concat: {from: [n3, n2, x]}"),
            ("- wire: {n: 3, back: [first, 1], node: {conv: {out: 2}}, join: concat, ends: all}",
             "- identity: {as: x}\n- conv: {out: 2, as: n1}\n- concat: {from: [x, n1]}\n"
             "- conv: {out: 2, as: n2}\n- concat: {from: [x, n2]}\n- conv: {out: 2, as: n3}\n"
             "- concat: {from: [x, n1, n2, n3]}"),
            ("- wire: {n: 0, back: [1], node: {dw: }}\n- act:", "- act:"),
        ],
        "refused": [
            ("- wire: {node: {dw: }}", "wire needs 'edges'"),
            ("- wire: {edges: [[0, 1]]}", "wire needs 'node'"),
            ("- wire: {edges: [[0, 1]], n: 2, back: [1], node: {dw: }}", "'back', not both"),
            ("- wire: {back: [1], node: {dw: }}", "wire needs 'n', the number of nodes"),
            ("- wire: {n: 2, back: [1], node: {dw: }, out: add}", "'out' has no effect on a wire"),
            ("- wire: {edges: [[0, 1]], node: {dw: }, ends: all}", "given by its 'edges'"),
            ("- wire: {n: 2.5, back: [1], node: {dw: }}", "n is a whole number from 0 to 1000"),
            ("- wire: {n: 2, back: [0], node: {dw: }}", "back is a list of different distances"),
            ("- wire: {n: 2, back: [1, 1], node: {dw: }}", "back is a list of different distances"),
            ("- wire: {n: 2, back: 1, node: {dw: }}", "back is a list of different distances"),
            ("- wire: {n: 2, back: [2], node: {dw: }}", "back leaves nothing for node 1 to take"),
            ("- wire: {n: 2, back: [1], node: {dw: }, ends: last}", "ends is next or all"),
            ("- wire: {n: 2, back: [1], node: dw}", "node is a step"),
            ("- wire: {edges: [[1, 0]], node: {dw: }}", "[1, 0] does not lead from a smaller"),
            ("- wire: {edges: [[0, 0]], node: {dw: }}", "[0, 0] does not lead from a smaller"),
            ("- wire: {edges: [[0, 1], [0, 1]], node: {dw: }}", "an edge is listed twice"),
            ("- wire: {edges: [[0, 1, 2]], node: {dw: }}", "edges is a list of pairs"),
            ("- wire: {edges: 3, node: {dw: }}", "edges is a list of pairs"),
            ("- wire: {edges: [[0, a]], node: {dw: }}", "edges is a list of pairs"),
            ("- wire: {edges: [[0, 1]], node: dw}", "node is a step"),
            ("- wire: {edges: [[0, 1]], node: {dw: }, join: max}", "join is add, mean, wsum"),
            ("- act: {as: a}\n- wire: {from: [a, a], edges: [[0, 1]], node: {dw: }}",
             "wire takes one tensor, not 2"),
            ("- wire: {edges: [[0, 1]], node: {split: {as: [a, b]}}}",
             "'as' has no effect in a step"),
        ],
    },
    "network arguments": {
        "same": [
            ("name: n\nargs: {w: 1.5, r: 32}\ninput: [3, =r, =r]\nnet: [conv: {out: =w*8}]",
             "name: n\ninput: [3, 32, 32]\nnet: [conv: {out: 12}]"),
            ("args: {w: 2, v: =3*w}\nnet: [conv: {out: =v}]", "- conv: {out: 6}"),
            ("args: {act: relu6}\nnet: [conv: {out: 4, act: =act}]",
             "- conv: {out: 4, act: relu6}"),
        ],
        "refused": [
            ("args: {w: 1}\nnet: [gap: ]", "argument 'w' of the network is never used"),
            ("args: {w: }\nnet: [conv: {out: =w}]", "argument 'w' of the network has no value"),
            ("args: {w: 1}\nnet: [conv: {out: w}]", "a whole number expected, not 'w'"),
            ("args: {width: 1}\nnet: [conv: {out: =widht}]",
             "no argument 'widht'; did you mean 'width'"),
            ("args: {f: 1}\nnet: [f: ]", "no operation or block is named 'f'; write it as `=f`"),
        ],
    },
    "the document": {
        "same": [
            ("note: &n text\nsource: *n\nnet: [gap: ]", "- gap:"),          # anchors are plain YAML
            ("net:\n  - conv: &c {out: 8}\n  - conv: *c", "- conv: {out: 8}\n- conv: {out: 8}"),
            ('net: ["conv": {"out": 8}]', "- conv: {out: 8}"),
            ("- conv: {out: 1e1}", "- conv: {out: 10}"),
            ("- conv: {out: 10.0}", "- conv: {out: 10}"),
            ("- conv: {out: +8}", "- conv: {out: 8}"),
        ],
        "refused": [
            ("nte: x\nnet: [gap: ]", "a genotype has no 'nte'; did you mean 'note'"),
            ("net: {gap: }", "needs a net: a list of steps"),
            ("net: []", "needs a net: a list of steps"),
            ("blocks: {}", "needs a net: a list of steps"),
            ("name: n\nnet: [gap: ]", "needs an input"),
            ("name: n\ninput: [3, 32]\nnet: [gap: ]", "input is [channels, height, width]"),
            ("name: n\ninput: [3, 32, 0]\nnet: [gap: ]", "input is [channels, height, width]"),
            ("name: n\ninput: [3, 32, 1.5]\nnet: [gap: ]", "input is [channels, height, width]"),
            ("name: n\ninput: [3, 32, 1000000]\nnet: [gap: ]",
             "input is [channels, height, width]"),
            ("name: [n]\ninput: [3, 32, 32]\nnet: [gap: ]", "a genotype needs a name"),
            ("status: calibratd\nnet: [gap: ]", "status is one of calibrated, unsettled"),
            ("published: {rule: cnov}\nnet: [gap: ]",
             "no counting rule 'cnov'; did you mean 'conv'"),
            ("published: {macz: 3M}\nnet: [gap: ]", "published has no 'macz'; did you mean 'macs'"),
            ("published: {top1: 0}\nnet: [gap: ]", "published: top1 is in percent, between 0 and 100"),
            ("published: {top1: 76.1, unchecked: yes}\nnet: [gap: ]", "true or false was expected"),
            ("published: {unchecked: true}\nnet: [gap: ]", "unchecked has no effect without top1"),
            ("accuracies: {data: imagenet}\nnet: [gap: ]", "accuracies is a list, not a mapping"),
            ("accuracies: [imagenet]\nnet: [gap: ]", "an accuracy must be a mapping"),
            *((f"accuracies: [{{{entry}}}]\nnet: [gap: ]", words) for entry, words in (
                ("top: 72.1", "an accuracy has no 'top'; did you mean 'top1'"),
                ("data: imagenet, top1: 72.1, size: 224, of: me", "an accuracy needs recipe"),
                ("data: imagenet, top1: 72.1, recipe: r, size: 224, of: ''", "an accuracy needs of"),
                ("data: imagenet, top1: , recipe: r, size: 224, of: me", "an accuracy needs top1"),
                ("data: imagenet, top1: high, recipe: r, size: 224, of: me", "a number was expected"),
                ("data: imagenet, top1: 100, recipe: r, size: 224, of: me",
                 "an accuracy: top1 is in percent, between 0 and 100, not 100"),
                ("data: imagenet, top1: 72, recipe: r, size: 22.4, of: me",
                 "size is a whole number of pixels, not 22.4"),
                ("data: image net, top1: 72, recipe: r, size: 224, of: me", "'image net' is no name"),
                ("data: imagenet, top1: 72, recipe: a b, size: 224, of: me", "'a b' is no name"),
                ("data: imagenet, top1: 72, recipe: r, size: 224, of: [me]",
                 "plain text was expected"),
                ("data: d, top1: 72, recipe: r, size: 8, of: me}, {data: d, top1: 73, recipe: r, "
                 "size: 8, of: you", "accuracies: d by r at 8 pixels stands here twice"))),
            ("exact: {params: 1.5, macs: 2}\nnet: [gap: ]", "exact takes whole numbers"),
            ("exact: {params: 1}\nnet: [gap: ]", "exact takes whole numbers"),
            ("source: [a]\nnet: [gap: ]", "plain text was expected"),
            ("- 3", "a step is one operation or block with its parameters, not 3"),
            ("net: [null]", "a step is one operation or block with its parameters, not nothing"),
            ("- {gap: , act: }",
             "a step is one operation or block with its parameters, not a mapping"),
            ("- [gap: ]", "a step is one operation or block with its parameters, not a list"),
            ("- conv: 3", "not conv with 3"),
            ("- conv: {out: }", "a whole number expected, not nothing"),
        ],
    },
}

SAME = [pytest.param(*pair, id=f"{topic} {i}") for topic, cases in TOPICS.items()
        for i, pair in enumerate(cases["same"])]
REFUSED = [pytest.param(*pair, id=f"{topic} {i}") for topic, cases in TOPICS.items()
           for i, pair in enumerate(cases["refused"])]

Read = Callable[..., Genotype]


def drawn(genotype: Genotype) -> tuple[object, ...]:
    """The graph without its names."""
    found = trace(genotype)
    return (found.input, [(n.op, n.inputs, n.shape, n.cost) for n in found.nodes], found.output)


@pytest.mark.parametrize(("short", "long"), SAME)
def test_a_short_form_means_its_long_form(genotype: Read, short: str, long: str) -> None:
    assert drawn(genotype(short)) == drawn(genotype(long))


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_must_not_stand_there_is_refused(genotype: Read, text: str, words: str) -> None:
    with pytest.raises(GenotypeError) as caught:
        trace(genotype(text))
    assert any(w in str(caught.value) for w in words.split("|")), str(caught.value)


# --- names of nodes -----------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "names"), [
    ("- conv: {out: 4}\n- act:\n- conv: {out: 4}", ["conv1", "act", "conv2"]),
    ("- conv: {out: 4, as: conv2}\n- conv: {out: 4}\n- conv: {out: 4}",
     ["conv2", "conv1", "conv3"]),
    ("- conv: {out: 4, as: conv}\n- conv: {out: 4}", ["conv", "conv1"]),
    ("- split: {as: [conv, b]}\n- conv: {from: b, out: 4}\n- add: {from: [_, conv]}",
     ["conv", "b", "conv1", "add"]),
    ("- conv: {out: 4, repeat: 2, as: stem}", ["stem.0", "stem.1"]),
    ("blocks: {b: {body: [act: , act: {as: last}]}}\nnet: [b: , b: {repeat: 2, as: s}]",
     ["b.act", "b.last", "s.0.act", "s.0.last", "s.1.act", "s.1.last"]),
    ("- add: {of: [{dw: }, [{dw: }, act: ]], as: sum}", ["sum.dw1", "sum.dw2", "sum.act", "sum"]),
])
def test_every_operation_has_a_name_of_its_own(genotype: Read, text: str, names: list[str]) -> None:
    assert list(expand(genotype(text))) == ["input", *names]


def test_names_that_meet_are_refused(genotype: Read) -> None:
    text = ("blocks: {unit: {body: [act: {as: join}]}}\n"
            "net: [wire: {edges: [[0, 1], [0, 2], [1, 3], [2, 3]], node: {unit: }, as: w}]")
    with pytest.raises(GenotypeError, match=r"two operations are named 'w\.3\.join'"):
        expand(genotype(text))


# --- what lies behind the text ------------------------------------------------------------------


def test_what_leads_nowhere_is_left_out_and_noted(genotype: Read) -> None:
    found = trace(genotype("- act: {as: a}\n- conv: {out: 4}\n- gap: {from: a}"))
    assert [n.name for n in found.nodes] == ["a", "gap"]
    assert found.notes == (("conv", "leads nowhere and is left out"),)


def test_a_residual_that_falls_away_is_noted(genotype: Read) -> None:
    found = trace(genotype("- act: {as: a}\n- conv: {out: 4}\n- residual: {from: a}"))
    assert found.notes == (("residual", "no shortcut: 8×16×16 is not 4×16×16"),)


def test_a_node_tells_its_blocks_and_its_place(genotype: Read) -> None:
    text = ("blocks: {inner: {body: [act: ]}, outer: {body: [inner: {repeat: 2, as: i}]}}\n"
            "net: [outer: ]")
    node = trace(genotype(text)).nodes[1]
    assert [(c.name, c.block, c.repeat) for c in node.calls] == [
        ("outer", "outer", None), ("outer.i.1", "inner", 1)]
    assert re.search(r"net\.yaml:3 \(blocks\.inner\.body\[0\]\)$", str(node.place))


def test_a_network_may_end_where_it_begins(genotype: Read) -> None:
    graph = expand(genotype("- identity:"))
    assert list(graph) == ["input"] and graph.graph["output"] == "input"


PAIR = """blocks:
  pair:
    in: {a: , b: }
    out: {b: c, a: e}           # the first output is not the first input
    body:
      - conv: {from: a, out: 8, as: c}
      - conv: {from: b, out: 4, k: 1, as: e}
net:
  - conv: {out: 8, as: first}
  - conv: {out: 4, as: second}
"""


def test_repeats_find_their_inputs_by_name_as_steps_in_a_row_do(genotype: Callable[..., Genotype]) -> None:
    step = "  - pair: {from: [first, second], as: p}\n"
    repeated = genotype(PAIR + step.replace("as:", "repeat: 3, as:") + "  - act: {from: p}\n")
    in_a_row = genotype(PAIR + step.replace("as: p", "as: p0") + "  - pair: {as: p1}\n"
                        "  - pair: {as: p2}\n  - act: {from: p2}\n")
    one, other = ([(n.op, n.inputs, n.shape) for n in trace(g).nodes] for g in (repeated, in_a_row))
    assert one == other and [shape for _, _, shape in one] == [
        (8, 16, 16), (8, 16, 16), (4, 16, 16), (8, 16, 16), (8, 16, 16)]


def test_a_genotype_is_written_in_blocks_and_flow(genotype: Callable[..., Genotype]) -> None:
    text = """name: net
args: {w: 1, wide: !choice [4, 8]}
input: [8, 16, 16]
blocks:
  pair:
    args: {out: }
    in: {a: , b: }
    out: {a: e, b: c}
    body:
      - conv: {from: a, out: =out, as: c}
      - conv: {from: b, out: =out, k: 1, as: d}
      - add: {from: [c, d], as: e}
net:
  - conv: {out: =wide, as: first}
  - conv: {out: =wide*w, as: second}
  - pair: {from: [first, second], out: =wide}
  - gap: {}
"""
    assert to_yaml(genotype(text)) == text
    assert to_yaml(genotype("- gap:")) == "name: net\ninput: [8, 16, 16]\nnet:\n  - gap: {}\n"


def test_a_wire_makes_no_node_that_leads_nowhere(genotype: Callable[..., Genotype]) -> None:
    for ends in ("next", "all"):
        net = genotype(f"- wire: {{n: 3, back: [1, 2], node: {{dw: }}, ends: {ends}}}")
        assert not trace(net).notes
