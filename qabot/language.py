"""Whether a text is English, by its letters and its function words. Pure.

Only evidence against English counts: a name, a figure or "Lavrov?" alone is English.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from qabot.words import Token, fold, tokens

_READ = 4_000
"""Code points of a text that are looked at."""
_FOREIGN_SHARE = 0.5
"""Share of the letters, from which a script other than the Latin one decides."""

_ENGLISH = frozenset(
    """the of to and a an in is was are were be been it its he she they them his her their we you i
    me my our your this that these those there here who whom whose what which when where why how
    did do does done has have had will would can could should may might must not no on at by for
    from with about into over under after before between during against than then as if or but so
    because while until since all any some more most many much other only also very just out up
    down again once too am him us both each few such own same nor now said says""".split()
)
# Beside what only this language has, the words that it shares with English: they count for neither.
_OTHERS: dict[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        "German": """der die das den dem des ein eine einer eines einem einen und oder aber ist sind
            war waren wird werden wurde wurden hat haben hatte nicht kein keine mit von zu zum zur
            auf aus bei nach vor fur uber unter durch gegen im am an in als wie wer was wann wo
            warum wieso wieviel welche welcher welches wen wem er sie es wir ihr sich sein seine
            ihre auch noch nur so dass wenn weil um will man hier dort also mehr sagte laut jahr""",
        "French": """le la les un une des du de et ou mais est sont etait etaient sera ete a ont
            avait avec pour dans sur sous par entre vers chez sans que qui quoi quand comment
            pourquoi combien quel quelle quels quelles il elle ils elles nous vous je tu on se ce
            cette ces cet son sa ses leur leurs ne pas plus au aux en y c'est qu'est n'est d'un
            d'une qu'il qu'elle qu'a qu'ont aussi apres avant depuis""",
        "Spanish": """el la los las un una unos unas de del al y o pero es son fue fueron era ser
            esta estan ha han habia con para por en sobre entre sin desde hasta que quien quienes
            cuando como donde adonde cuanto cuantos cual cuales se su sus lo le les no si mas muy ya
            este esta estos esas eso esto segun tras""",
        "Italian": """il lo la i gli le un uno una di del della dei delle degli dell da dal dalla
            nel nella nei al alla alle ai e o ma sono era erano stato stata ha hanno aveva con
            per in su sul sulla tra fra senza che chi cosa quando come dove perche quanto quanti
            quale quali si suo sua suoi loro non piu anche questo questa dopo prima cos'e""",
        "Portuguese": """o a os as um uma de do da dos das e ou mas sao foi foram era ser esta estao
            tem com para por em no na nos nas ao aos pelo pela sobre entre sem desde ate segundo que
            quem quando como onde porque quanto quantos qual quais se seu sua seus suas nao mais
            tambem ja este esta isso isto apos""",
        "Dutch": """de het een en of maar is zijn was waren wordt werd worden heeft hebben had niet
            geen met van voor op in uit bij na naar over onder door tegen tussen om te als dat die
            dit deze wie wat wanneer waar waarom hoe welke hij zij ze wij hun haar ook nog alleen
            er dan aan zei volgens we""",
        "Turkish": """ve bir bu su o ile icin ne kim kimin nerede nereye neden nicin nasil hangi kac
            zaman mi mu midir nedir kimdir degil var yok daha cok gibi kadar sonra once olarak
            oldu etti dedi olan ama ancak ya da de ki her hem gore""",
        "Polish": """i w z na do nie jest sa byl byla bylo ze sie to co kto kiedy gdzie dlaczego jak
            ktory ktora ktore od po przez dla przed oraz ale lub jego jej ich czy""",
        "Swedish": """och att det en ett den som ar var inte med pa av for till fran i om har hade
            de han hon vem vad nar varfor hur vilken vilka men eller efter""",
        "Danish": """og at det en et den som er var ikke med pa af for til fra i om har havde de han
            hun hvem hvad hvornar hvor hvorfor hvordan hvilken hvilke men eller efter""",
        "Czech": """a v ve z na do ne je jsou byl byla bylo ze se co kdo kdy kde proc jak ktery
            ktera od po pro pred ale nebo jeho jeji jejich s o""",
        "Romanian": """si in la de cu pe din este sunt era nu un o ce cine cand unde cum care pentru
            dupa inainte dar sau lui sa ca a fost au""",
    }.items()
}
# Parts of names, or English words besides: they count only in company of their language.
_WEAK = frozenset(
    """de da do dos das del della di du des la le les el al los las van von der dem ten zu un san
    y e a na si no en lo die men come war hat den son sin con per era est sur sans pour et kim co
    till fur hem mi mu tot ai ne om je tu nu vi se te ma ha tra ja ya bu su var ki ile od po
    ale man dies sera ate mas sao ti""".split()
)
# Letters that folding leaves alone.
_PLAIN_LETTERS = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae"})


def is_english(text: str) -> bool:
    """Whether a text is English, or at least gives no evidence of another language."""
    text = text.strip()[:_READ]
    letters = [character for character in text if character.isalpha()]
    foreign = sum(not _is_latin(character) for character in letters)
    if foreign > _FOREIGN_SHARE * len(letters):
        return False
    words = tokens(text)
    folded = [fold(word.surface).translate(_PLAIN_LETTERS) for word in words]
    return not any(_is_rather(other, words, folded) for other in _OTHERS.values())


def _is_rather(other: frozenset[str], words: Sequence[Token], folded: Sequence[str]) -> bool:
    """Whether words that only the other language has outnumber those that only English has."""
    english = sum(word in _ENGLISH and word not in other for word in folded)
    found = [n for n, word in enumerate(folded) if word in other and word not in _ENGLISH]
    if len(found) <= english:
        return False
    shouted = len(words) > 2 and all(word.surface.isupper() for word in words)
    if any(folded[n] not in _WEAK and (shouted or not _is_initialism(words[n])) for n in found):
        return True
    if len(found) > 2 or any(w.surface[0].islower() and not w.surface.isascii() for w in words):
        return True
    return len(found) > 1 and any(
        after.surface[0].islower() and fold(after.surface) not in _WEAK
        for after in (words[number + 1] for number in found if number + 1 < len(words))
    )


def _is_initialism(word: Token) -> bool:
    return len(word.surface) > 1 and word.surface.isupper()


@lru_cache(maxsize=10_000)
def _is_latin(letter: str) -> bool:
    return letter.isascii() or "LATIN" in unicodedata.name(letter, "")
