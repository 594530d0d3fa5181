"""The sentences of questions to Assist, by language, and what a question begins with.

In the syntax of Home Assistant's sentence templates; ``{miner}`` is replaced by the list of names.
Sentences of all languages are heard at once: a house may have an assistant for each.
"""

import re
from collections.abc import Mapping
from typing import Final

type Sentences = Mapping[str, tuple[str, ...]]

_BE: Final = "(is|isn't|isnt|is not|was|wasn't|wasnt|was not)"
_DO: Final = (
    "(did|didn't|didnt|did not|does|doesn't|doesnt|does not|has|hasn't|hasnt|has not|won't|wont)"
)
_RUNS: Final = (
    "(running|mining|hashing|working|on|off|stopped|started|starting|stopping|paused|idle|held)"
)
_DOES: Final = (
    "(run|mine|hash|work|start|stop|pause|started|stopped|restart|restarted|shut down|turn off"
    "|turn on|shut off|switch off|switch on|been stopped|been started)"
)
_BEGINS: Final = (
    "(start|stop|run|mine|be on|be off|be back|come back|restart|starting|stopping|running)"
)
_EARNS: Final = "(earn|earned|earning|make|made|making)"
_DAY: Final = "[so far] [today|a day|per day|now|right now]"
_MINERS: Final = "[the|my|our|all|all the|all of the] (miners|machines|mining|fleet)"
_WHY: Final = "(why|how come)"
_NOW: Final = "[now|anymore|any more|right now|today]"
_ENGLISH: Final[Sentences] = {
    "why": (
        f"{_WHY} {_BE} [the] {{miner}} [not] {_RUNS} {_NOW}",
        f"{_WHY} [the] {{miner}} {_BE} [not] {_RUNS} {_NOW}",
        f"{_WHY} {_DO} [the] {{miner}} [not] {_DOES} {_NOW}",
        f"{_WHY} [the] {{miner}} {_DO} [not] {_DOES} {_NOW}",
        f"[do you know|tell me] why [the] {{miner}} {_BE} [not] {_RUNS} {_NOW}",
        f"(since when|how long) (is|was|has) [the] {{miner}} [been] {_RUNS}",
        "(what is|what's|whats) [the] {miner} doing [now|right now]",
        "(what is|what's|whats) (wrong|up|the matter|happening|going on) with [the] {miner}",
        "(what is|what's|whats) the (status|state) of [the] {miner}",
    ),
    "when": (
        (
            f"(when|what time|at what time) (will|does|is|can|would) [the] {{miner}} [going to]"
            f" {_BEGINS} [again]"
        ),
    ),
    "hot": (
        "how (hot|warm|cold|cool) (is|was) [the] {miner} [now|right now]",
        "(what is|what's|whats) the temperature of [the] {miner} [now|right now]",
        "what temperature (is|does) [the] {miner} [have|at] [now|right now]",
        "is [the] {miner} [too|very] (hot|warm|overheating|overheated) [now|right now]",
    ),
    "earned": (
        f"(how much|what) [money] (does|did|has|is|will) [the] {{miner}} {_EARNS} {_DAY}",
        f"how much (profit|revenue) (does|did|has) [the] {{miner}} {_EARNS} {_DAY}",
        f"(what is|what's|whats) the profit of [the] {{miner}} {_DAY}",
    ),
    "all_earned": (
        f"(how much|what) [money|profit] (do|did|does|have|has|is|are|will) {_MINERS} {_EARNS} {_DAY}",
        f"(what is|what's|whats) the profit of {_MINERS} {_DAY}",
    ),
}
_WARUM: Final = "(warum|wieso|weshalb)"
_DER: Final = "[der|die|das|den|mein|meine]"
_VON: Final = "(von|vom|des|der|von der|von meinem|bei|beim)"
_JETZT: Final = "[gerade|jetzt|denn|heute|im moment]"
_AUS: Final = (
    "(aus|an|gestoppt|gestartet|angehalten|ausgeschaltet|eingeschaltet|pausiert|abgeschaltet"
    "|ausgegangen|angegangen|stehen geblieben)"
)
_GETAN: Final = (
    "(gestoppt|gestartet|angehalten|ausgeschaltet|eingeschaltet|abgeschaltet|neu gestartet)"
)
_LAEUFT: Final = "(läuft|lief|schürft|arbeitet|startet|stoppt|steht|rechnet|mint|beginnt)"
_VERDIENT: Final = "(verdient|bringt|erwirtschaftet|macht|wirft)"
_HAT_VERDIENT: Final = "(verdient|eingebracht|erwirtschaftet|abgeworfen|gebracht)"
_TAG: Final = "[bisher|bis jetzt] [heute|am tag|pro tag|gerade|jetzt]"
_MASCHINEN: Final = "(die|meine|unsere|alle|all die|alle meine) (miner|maschinen)"
_GERMAN: Final[Sentences] = {
    "why": (
        f"{_WARUM} (ist|war) {_DER} {{miner}} {_JETZT} [nicht] {_AUS}",
        f"{_WARUM} {_LAEUFT} {_DER} {{miner}} {_JETZT} [nicht] [mehr|still]",
        f"{_WARUM} (wurde|hat) {_DER} {{miner}} {_JETZT} [nicht] {_GETAN}",
        f"[sag mir|weißt du] {_WARUM} {_DER} {{miner}} {_JETZT} [nicht] ({_AUS}|läuft) [ist|wurde]",
        f"(seit wann|wie lange) (ist|läuft|steht) {_DER} {{miner}} [schon] [{_AUS}|nicht mehr]",
        f"was (macht|tut) {_DER} {{miner}} {_JETZT}",
        "was ist [los] mit [dem|der|meinem] {miner} [los]",
        f"(was|wie) ist der (status|zustand) {_VON} {{miner}}",
    ),
    "when": (
        f"(wann|um wie viel uhr|ab wann) {_LAEUFT} {_DER} {{miner}} [wieder] [an]",
        f"(wann|um wie viel uhr) (geht|schaltet) {_DER} {{miner}} [sich] [wieder] (an|aus|ein|los)",
        (
            f"(wann|um wie viel uhr) (wird|soll) {_DER} {{miner}} [wieder] ({_GETAN}|starten|stoppen"
            "|laufen|angehen|ausgehen) [werden]"
        ),
        f"wann fängt {_DER} {{miner}} [wieder] an",
    ),
    "hot": (
        f"wie (heiß|heiss|warm|kalt) (ist|war) {_DER} {{miner}} {_JETZT}",
        f"(was|wie hoch|wie) ist die temperatur {_VON} {{miner}}",
        f"(welche temperatur|wie viel grad|wie viele grad) hat {_DER} {{miner}} {_JETZT}",
        f"ist {_DER} {{miner}} {_JETZT} [zu|sehr] (heiß|heiss|warm|überhitzt)",
    ),
    "earned": (
        f"(wie viel|wieviel) [geld|gewinn] {_VERDIENT} {_DER} {{miner}} {_TAG} [ein|ab]",
        f"was (verdient|bringt|erwirtschaftet|wirft) {_DER} {{miner}} {_TAG} [ein|ab]",
        f"(wie viel|wieviel|was) [geld|gewinn] hat {_DER} {{miner}} {_TAG} {_HAT_VERDIENT}",
        f"(wie hoch|was) ist der (gewinn|ertrag) {_VON} {{miner}} {_TAG}",
    ),
    "all_earned": (
        (
            f"(wie viel|wieviel|was) [geld|gewinn] (verdienen|bringen|erwirtschaften|machen|werfen)"
            f" {_MASCHINEN} {_TAG} [ein|ab]"
        ),
        f"(wie viel|wieviel|was) [geld|gewinn] haben {_MASCHINEN} {_TAG} {_HAT_VERDIENT}",
        f"(wie viel|wieviel|was) [geld] (bringt|hat) das (mining|schürfen) {_TAG} [ein|{_HAT_VERDIENT}]",
        f"(wie hoch|was) ist der (gewinn|ertrag) (der|meiner|aller) (miner|maschinen) {_TAG}",
    ),
}
_EL: Final = "[el|la|mi]"
_DEL: Final = "(de|del|de la|de mi)"
_POR_QUE: Final = "(por qué|por que|porqué)"
_ESTA: Final = "(está|esta|estaba|sigue)"
_APAGADO: Final = (
    "(apagado|apagada|encendido|encendida|parado|parada|detenido|detenida|en marcha|funcionando"
    "|minando|en pausa|arrancado|arrancada)"
)
_SE_PARO: Final = (
    "(se ha parado|se paró|se paro|se ha detenido|se detuvo|se ha apagado|se apagó|se apago"
    "|ha parado|paró|se ha encendido|se encendió|ha arrancado|arrancó|se ha reiniciado)"
)
_FUNCIONA: Final = "(funciona|mina|arranca|se enciende|se apaga|se para|se detiene|empieza)"
_ARRANCA: Final = (
    "(arranca|arrancará|empieza|empezará|comienza|se enciende|se encenderá|se apaga|se apagará"
    "|se para|se parará|se detiene|funciona|funcionará|mina|va a arrancar|va a empezar"
    "|va a encenderse|va a apagarse|va a funcionar|va a parar|volverá a arrancar"
    "|volverá a funcionar|volverá a encenderse|volverá a minar|vuelve a arrancar"
    "|vuelve a funcionar|vuelve a encenderse|vuelve a minar)"
)
_GANA: Final = (
    "(gana|ganó|ha ganado|genera|ha generado|produce|ha producido|da|rinde|ganará|está ganando)"
)
_GANAN: Final = (
    "(ganan|ganaron|han ganado|generan|han generado|producen|han producido|dan|están ganando)"
)
_HOY: Final = "[hoy|al día|por día|ahora|hasta ahora]"
_MINEROS: Final = "[los|mis|las|todos los|todos mis|todas las] (mineros|máquinas|maquinas)"
_CUANTO: Final = "(cuánto|cuanto|qué|que) [dinero|beneficio]"
_SPANISH: Final[Sentences] = {
    "why": (
        f"{_POR_QUE} [no] {_ESTA} {_APAGADO} {_EL} {{miner}} [ahora|hoy]",
        f"{_POR_QUE} [no] {_ESTA} {_EL} {{miner}} {_APAGADO} [ahora|hoy]",
        f"[dime|sabes] {_POR_QUE} {_EL} {{miner}} [no] {_ESTA} {_APAGADO} [ahora|hoy]",
        f"{_POR_QUE} [no|ya no] ({_FUNCIONA}|{_SE_PARO}) {_EL} {{miner}} [ahora|hoy]",
        f"{_POR_QUE} {_EL} {{miner}} [no|ya no] ({_FUNCIONA}|{_SE_PARO}) [ahora|hoy]",
        f"(desde cuándo|desde cuando|cuánto tiempo lleva) [{_ESTA}] {_EL} {{miner}} {_APAGADO}",
        f"(desde cuándo|desde cuando) {_ESTA} {_APAGADO} {_EL} {{miner}}",
        f"(qué|que) (hace|está haciendo|esta haciendo) {_EL} {{miner}} [ahora]",
        "(qué|que) (le pasa|le ocurre) (a|al|a la|a mi) {miner}",
        f"(qué|que) (pasa|ocurre) con {_EL} {{miner}}",
        f"(cuál|cual) es el estado {_DEL} {{miner}}",
    ),
    "when": (
        f"(cuándo|cuando|a qué hora|a que hora) {_ARRANCA} {_EL} {{miner}} [otra vez|de nuevo]",
        f"(cuándo|cuando|a qué hora|a que hora) {_EL} {{miner}} {_ARRANCA} [otra vez|de nuevo]",
        f"(cuándo|cuando) (empieza|empezará|comienza|va a empezar) a minar {_EL} {{miner}}",
        f"(cuándo|cuando) (estará|va a estar) {_APAGADO} {_EL} {{miner}} [otra vez|de nuevo]",
    ),
    "hot": (
        f"[a] (qué|que) temperatura (tiene|está|esta|hay en) {_EL} {{miner}} [ahora]",
        f"(cuál|cual) es la temperatura {_DEL} {{miner}} [ahora]",
        f"(cómo|como) de caliente {_ESTA} {_EL} {{miner}} [ahora]",
        f"(qué|que) tan caliente {_ESTA} {_EL} {{miner}} [ahora]",
        f"(cuántos|cuantos) grados tiene {_EL} {{miner}} [ahora]",
        f"{_ESTA} [muy|demasiado] (caliente|sobrecalentado) {_EL} {{miner}} [ahora]",
    ),
    "earned": (
        f"{_CUANTO} {_GANA} {_HOY} {_EL} {{miner}} {_HOY}",
        f"{_CUANTO} {_EL} {{miner}} {_GANA} {_HOY}",
        f"(cuál|cual) es (el beneficio|la ganancia) {_DEL} {{miner}} {_HOY}",
    ),
    "all_earned": (
        f"{_CUANTO} {_GANAN} {_HOY} {_MINEROS} {_HOY}",
        f"{_CUANTO} {_MINEROS} {_GANAN} {_HOY}",
        f"{_CUANTO} {_GANA} {_HOY} la minería {_HOY}",
        f"(cuál|cual) es (el beneficio|la ganancia) de (los|mis) (mineros|máquinas) {_HOY}",
    ),
}
_LE: Final = "[le|la|mon|ma]"
_DU: Final = "(de|du|de la|de mon)"
_ESTCE: Final = "[est-ce que|est ce que|donc]"
_ETEINT: Final = (
    "(éteint|éteinte|allumé|allumée|arrêté|arrêtée|démarré|démarrée|en marche|en pause|coupé"
    "|à l'arrêt|en route)"
)
_EST: Final = "(est|n'est|était|n'était|reste|a été|n'a)"
_PAS: Final = "[pas|plus] [encore|toujours] [été]"
_EST_IL: Final = "(est-il|est-elle|n'est-il|n'est-elle|a-t-il été|a-t-elle été|était-il)"
_TOURNE: Final = (
    "(tourne|mine|marche|fonctionne|démarre|redémarre|s'arrête|s'éteint|s'allume|s'est arrêté"
    "|s'est éteint|s'est allumé|a démarré|a redémarré|s'est arrêtée|s'est éteinte"
    "|ne tourne|ne mine|ne marche|ne fonctionne|ne démarre|ne redémarre|ne s'allume)"
)
_TOURNE_T_IL: Final = (
    "(tourne-t-il|mine-t-il|marche-t-il|fonctionne-t-il|démarre-t-il|s'arrête-t-il|s'est-il arrêté"
    "|s'est-il éteint|s'est-elle arrêtée|a-t-il démarré|a-t-il redémarré|ne tourne-t-il"
    "|ne mine-t-il|ne marche-t-il|ne fonctionne-t-il|ne démarre-t-il)"
)
_DEMARRE: Final = (
    "(démarre|démarrera|redémarre|redémarrera|va démarrer|va redémarrer|va s'allumer|s'allume"
    "|s'allumera|sera allumé|s'arrête|s'arrêtera|va s'arrêter|va s'éteindre|s'éteint|tourne"
    "|tournera|va tourner|mine|minera|va miner|reprend|reprendra|va reprendre|se rallume)"
)
_DEMARRE_T_IL: Final = (
    "(démarre-t-il|démarrera-t-il|redémarre-t-il|redémarrera-t-il|va-t-il démarrer"
    "|va-t-il redémarrer|va-t-il s'allumer|va-t-il s'arrêter|s'allume-t-il|s'arrête-t-il"
    "|sera-t-il allumé|tournera-t-il|va-t-il tourner|minera-t-il|reprendra-t-il|reprend-il)"
)
_QUAND: Final = "(quand|à quelle heure|a quelle heure)"
_A_NOUVEAU: Final = "[à nouveau|de nouveau]"
_GAGNE: Final = "(gagne|a gagné|rapporte|a rapporté|produit|a produit|va gagner|va rapporter)"
_GAGNE_T_IL: Final = (
    "(gagne-t-il|a-t-il gagné|rapporte-t-il|a-t-il rapporté|produit-il|a-t-elle gagné)"
)
_GAGNENT: Final = "(gagnent|ont gagné|rapportent|ont rapporté|produisent|ont produit)"
_GAGNENT_ILS: Final = (
    "(gagnent-ils|ont-ils gagné|rapportent-ils|ont-ils rapporté|ont-elles gagné|ont-elles rapporté)"
)
_JOUR: Final = "[aujourd'hui|par jour|maintenant|en ce moment]"
_MINEURS: Final = "[les|mes|nos|tous les|tous mes|toutes les] (mineurs|machines)"
_ARGENT: Final = "[d'argent]"
_FRENCH: Final[Sentences] = {
    "why": (
        f"[dis-moi|sais-tu] pourquoi {_ESTCE} {_LE} {{miner}} {_EST} {_PAS} {_ETEINT}",
        f"pourquoi {_LE} {{miner}} {_EST_IL} {_PAS} {_ETEINT}",
        f"pourquoi {_ESTCE} {_LE} {{miner}} {_TOURNE} [pas|plus]",
        f"pourquoi {_LE} {{miner}} {_TOURNE_T_IL} [pas|plus]",
        f"(depuis quand|depuis combien de temps) {_ESTCE} {_LE} {{miner}} (est|est-il) {_ETEINT}",
        f"(que fait|qu'est-ce que fait|que devient) {_LE} {{miner}} [maintenant|en ce moment]",
        (
            f"(que se passe-t-il|qu'est-ce qui se passe|qu'y a-t-il|quel est le problème) avec {_LE}"
            " {miner}"
        ),
        f"qu'est-ce qu'a {_LE} {{miner}}",
        f"quel est l'état {_DU} {{miner}}",
    ),
    "when": (
        f"{_QUAND} {_ESTCE} {_LE} {{miner}} {_DEMARRE} {_A_NOUVEAU}",
        f"{_QUAND} {_LE} {{miner}} {_DEMARRE_T_IL} {_A_NOUVEAU}",
        f"{_QUAND} {_DEMARRE} {_LE} {{miner}} {_A_NOUVEAU}",
    ),
    "hot": (
        f"quelle est la température {_DU} {{miner}} [maintenant|en ce moment]",
        f"[à] quelle température (est|fait|a|atteint) {_LE} {{miner}} [maintenant|en ce moment]",
        f"combien de degrés (fait|a) {_LE} {{miner}} [maintenant|en ce moment]",
        f"est-ce que {_LE} {{miner}} (est [trop|très] (chaud|chaude)|surchauffe|chauffe)",
        f"{_LE} {{miner}} (est-il|est-elle) [trop|très] (chaud|chaude)",
    ),
    "earned": (
        f"combien {_ARGENT} {_ESTCE} {_LE} {{miner}} {_GAGNE} {_JOUR}",
        f"combien {_ARGENT} {_LE} {{miner}} {_GAGNE_T_IL} {_JOUR}",
        f"(combien|que) {_ARGENT} {_GAGNE} {_LE} {{miner}} {_JOUR}",
        f"quel est le (bénéfice|profit|gain) {_DU} {{miner}} {_JOUR}",
    ),
    "all_earned": (
        f"combien {_ARGENT} {_ESTCE} {_MINEURS} {_GAGNENT} {_JOUR}",
        f"combien {_ARGENT} {_MINEURS} {_GAGNENT_ILS} {_JOUR}",
        f"(combien|que) {_ARGENT} {_GAGNENT} {_MINEURS} {_JOUR}",
        f"combien {_ARGENT} {_GAGNE} le minage {_JOUR}",
        f"quel est le (bénéfice|profit|gain) (des|de mes) (mineurs|machines) {_JOUR}",
    ),
}
LANGUAGES: Final[Mapping[str, Sentences]] = {
    "en": _ENGLISH,
    "de": _GERMAN,
    "es": _SPANISH,
    "fr": _FRENCH,
}
SENTENCES: Final[Sentences] = {
    question: tuple(item for language in LANGUAGES.values() for item in language[question])
    for question in _ENGLISH
}
"""Sentences by question, in all languages."""

_FIRST: Final = (
    r"why|when|how|what|whats|who|where|which|since|is|isnt|isn't|are|arent|aren't|was|wasn't"
    r"|were|does|doesnt|doesn't|do|did|didnt|didn't|has|hasnt|hasn't|have|should|tell"
    r"|warum|wieso|weshalb|wann|wie|um wie|wieviel|was|wer|wo|welche|welcher|welches|seit|ist|war|läuft"
    r"|lief|hat|wurde|wird|soll|sollte|sag|weißt"
    r"|pourquoi|quand|comment|combien|que|quel|quelle|quels|quelles|qui|où|depuis|est-ce|est-il"
    r"|à quel|à quelle|a quelle|dis-moi|sais-tu|faut-il|qu"
    r"|por qué|por que|porqué|a qué|a que|cuándo|cuando|cómo|como|cuánto|cuanto|cuánta|cuántos|cuantos|cuál"
    r"|cual|qué|quién|desde|está|esta|estaba|dime|sabes|ha|han|hay"
    r"|perché|quando|quanto|waarom|wanneer|hoe"
)
_ANYWHERE: Final = (
    r"why|when|whether|if|warum|wieso|weshalb|wann|ob|pourquoi|quand|est-il|est-elle|tourne-t-il"
    r"|por qué|cuándo|cuánto|si"
)
QUESTION: Final = re.compile(
    rf"[\s¿¡\"'«]*(?:{_FIRST})\b|.*\w\W+(?:{_ANYWHERE})\b", re.IGNORECASE | re.DOTALL
)
"""What begins like a question, or asks within the sentence; apostrophes as on a typewriter."""
