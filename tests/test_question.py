"""What a question is understood to ask for."""

import pytest

from qabot.denials import denies
from qabot.kinds import expected, hints_at_reason, is_polar
from qabot.question import analyse, answers_in_kind
from qabot.speech import says
from qabot.thesaurus import is_country, related, relatives
from qabot.words import stem, tokens


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When did Trump sign it?", "time"),
        ("On what date was it signed?", "time"),
        ("How was the economy affected when the US left?", "other"),
        ("How long is the deal?", "duration"),
        ("How many people came?", "number"),
        ("How much does it cost?", "money"),
        ("what is the oil price", "money"),
        ("how much is a ticket", "money"),
        ("What was Harken's net profit?", "money"),
        ("what is the deposit", "money"),
        ("What was the turnout?", "number"),
        ("how strong was the earthquake", "number"),
        ("what is the name of the ferry", "name"),
        ("What is the ferry called?", "name"),
        ("What is the capital of France?", "capital"),
        ("Where was it held?", "place"),
        ("Which countries signed it?", "countries"),
        ("Which country did he visit?", "country"),
        ("Who is Lavrov?", "definition"),
        ("what is the JCPOA", "definition"),
        ("Who is Iran's president?", "role"),
        ("who is the president of Iran", "role"),
        ("Who met in Riyadh?", "person"),
        ("Why won't Iran negotiate?", "reason"),
        ("What did Lavrov say about Ukraine?", "saying"),
        ("Who wrote this article?", "author"),
        ("What were the talks about?", "subject"),
        ("What was the main topic of the talks?", "subject"),
        ("Is Iran ready?", "other"),
    ],
)
def test_the_kind_of_answer_is_told_from_the_question_word(question, kind):
    assert expected(question) == kind


def sentence_fits(question: str, sentence: str) -> float:
    return answers_in_kind(analyse(question), sentence, tuple(tokens(sentence)))


@pytest.mark.parametrize(
    ("question", "holding", "lacking"),
    [
        ("When was it?", "It was on Feb. 4.", "It was in Tehran."),
        ("How many came?", "Seven came.", "On Feb. 18, 2025, they came for a three-year war."),
        ("How much did it cost?", "It cost $5 million.", "It cost 20 lives."),
        ("How long was it?", "It was a 20-year deal.", "It was a fine deal."),
        (
            "Which countries signed?",
            "Russia and China signed.",
            "Iran’s minister signed in Turkey.",
        ),
        ("What is the capital of Peru?", "In the capital of Lima.", "In the Peruvian capital."),
        ("Who came?", "Then Marco Rubio came.", "Then they came."),
        ("Which agency helped?", "Reuters helped.", "Talks helped."),
        ("What were they about?", "They were devoted to peace.", "They were long."),
        ("What is the JCPOA?", "The plan (known as the JCPOA), it said.", "JCPOA talks went on."),
        ("Why did he go?", "He went because of rain.", "He went to Rome."),
        ("Why did he go?", "He went to avoid the rain.", "He went to see Rome."),
        ("Why is it closed?", "Closed since it rained in.", "Closed since 29 September."),
        ("When was it?", "It was on a Monday.", "The mayor decided to separate them."),
        ("When was it?", "It was in May.", "It may have been."),
        ("When is it?", "It is at 7.30 pm.", "It is at 98.75 a barrel."),
        ("When is it open?", "From 10.30 to 11.30.", "It is 10.30 metres long."),
        ("What time is it?", "It is at noon.", "It is on 4 March 2025."),
        ("Which day is it?", "It is on 4 March.", "It is in March 2024."),
        ("On what exact date was it?", "It was on Feb. 4.", "It was in the 19th century."),
        ("Which weekday is it?", "It is on Mondays.", "It is on 4 March."),
        ("What days of the week is it open?", "It is on Mondays.", "It is for three days."),
        ("Which month is it in?", "It is in May.", "It may be in the season of 2020-21."),
        ("What year was it?", "It was in 1987.", "It was on 4 March, for 2000 people."),
        ("How much did it cost?", "It cost 38 million crowns.", "In 2024 won the cup 9 teams."),
        ("How much is paid?", "Of that, 11 million comes from it.", "11 million people pay it."),
        ("How much did it cost?", "It cost NOK 300.", "It fell by 31 per cent."),
        ("When do doors open?", "They open at half past six.", "It ended 20:15 for the Owls."),
        ("What time was it?", "It was at four o'clock.", "It was mixed at a ratio of 3:20."),
        ("What year was it?", "In 1987 prices fell.", "The price was 1850 euros."),
        ("How old is he?", "He is a 71-year-old man.", "He stayed for 71 years."),
        ("When did he score?", "He scored in the 81st minute.", "He scored 81 goals."),
        ("When was she sent off?", "It was just before half-time.", "It was on the half-way line."),
        ("When did they marry?", "They married two years later.", "They were married in Ely."),
        ("When did it open?", "It opened during the war.", "It opened on Mill Lane."),
        ("When will it open?", "It opens next spring.", "It opens to springs."),
        ("How many sailors drowned?", "Fifteen sailors drowned.", "Sailors drowned."),
        ("How many were hurt?", "Ten were hurt.1", "They were hurt.1"),
        ("How many windows has it?", "It has forty-two windows.", "It has windows."),
        ("How long did they stay?", "They stayed for decades.", "They stayed in May."),
        ("How long is the bridge?", "It is 118 metres long.", "It is a fine bridge."),
        ("How much is a ticket?", "A ticket costs £12.", "The ferry is 38 metres long."),
        ("Which countries helped?", "Kenya and Rwanda helped.", "Doctors and nurses helped."),
        ("How old is Munn?", "Munn, 38, was held.", "Munn was held by 38 officers."),
        ("How old is the mill?", "It dates from the 1830s.", "It has 1,200 spindles."),
        ("How fast does it fly?", "It flies at 40 knots.", "Recorders were put on 46 of them."),
        ("How heavy is the bell?", "The bell weighs 3 tonnes.", "The bell rings at 3 every day."),
        ("How cold was it?", "It was -4 °C.", "It was the coldest of 30 nights."),
        ("How often does it run?", "It runs every Tuesday.", "It runs to 30 places."),
        ("How tall is the tower?", "It has nine storeys.", "It has 90 tenants."),
        ("What share voted?", "Two thirds of them voted.", "They voted on Sunday."),
        (
            "How many people left?",
            "Forty people left.",
            "People left after prices rose 9 per cent.",
        ),
        (
            "How many people came?",
            "A crowd of 18,432 came.",
            "They won 11 of 12 matches and a cup.",
        ),
        ("How many people died?", "The storm killed 17, he said.", "They have won 11 games."),
        ("How many of the docks are empty?", "About 30% stand empty.", "The docks are old."),
        ("What was the final score?", "Rovers lost 2-1.", "They have won 11 games."),
        ("How old was she when she died?", "She was 97.", "She was ill for 97 days."),
        ("What is Gerald Munn's age?", "Munn, 38, was held.", "Munn was held by officers."),
        ("How much does the ring cost?", "It starts at $249.", "The red one costs $50 more."),
        ("How many points did it rise?", "It rose by 12.75 points.", "It rose at 7.30 pm."),
    ],
)
def test_a_sentence_is_seen_to_hold_the_kind_of_answer_or_not(question, holding, lacking):
    assert sentence_fits(question, holding) == 1.0
    assert sentence_fits(question, lacking) < 1.0


@pytest.mark.parametrize(
    ("question", "is_yes_or_no"),
    [
        ("Did Germany sign it?", True),
        ("and has he been there before?", True),
        ("Who did Germany sign it with?", False),
        ("Can you tell me who signed it?", False),
        ("Does it say when?", True),
        ("Isfahan?", False),
    ],
)
def test_a_question_for_yes_or_no_is_told_by_its_first_word(question, is_yes_or_no):
    assert is_polar(question) == is_yes_or_no


def test_what_only_says_how_much_is_asked_is_no_topic():
    for question, word in (("How much money was raised?", "money"), ("How high is it?", "high")):
        assert [term.is_plain for term in analyse(question).terms if term.surface == word] == [True]
    asked = analyse("Where did the money go?")
    assert not any(term.is_plain for term in asked.terms if term.surface == "money")


def test_a_time_that_the_question_names_itself_is_no_answer():
    assert sentence_fits("When in 2015 was it?", "It was in 2015.") == 0.0


def test_names_are_told_by_their_capitals_unless_every_word_has_one():
    plain = {
        term.surface for term in analyse("What did Marco Rubio eat in 2024?").terms if term.is_name
    }
    titled = analyse("What Did They Ever Say About Old Dogs Yesterday Evening")
    assert plain == {"Marco", "Rubio", "2024"}
    assert not any(term.is_name for term in titled.terms)


def test_what_is_asked_for_by_its_noun_is_the_focus_but_not_a_kind_of_answer():
    assert analyse("How many centrifuges does Iran have?").focus == stem("centrifuges")
    assert analyse("Which hotel did he stay at?").focus == stem("hotel")
    assert analyse("Which country did he visit?").focus is None
    assert analyse("what did he do").focus is None


def test_the_speaker_and_the_topic_of_what_was_said_are_told_apart():
    asked = analyse("What did Lavrov say about Ukraine?")
    assert asked.speaker == {stem("Lavrov")}
    assert stem("Ukraine") in asked.topic
    assert not analyse("What does the agreement say about defense?").speaker


def test_words_are_given_to_who_said_them():
    def spoken(sentence):
        return says(frozenset({stem("Lavrov")}), sentence, tuple(tokens(sentence)))

    assert spoken("“We are convinced,” Lavrov told reporters.")
    assert spoken("Lavrov also said that talks went on.")
    assert spoken("“No,” said Lavrov.")
    assert spoken("“No,” Lavrov, who came by train, said.")
    assert spoken("Lavrov of the Moscow Institute, who came by train, said no.")
    assert not spoken("“No,” Araqchi, who met Lavrov, said.")
    assert not spoken("Araqchi said he would meet the man named Lavrov.")


def test_an_office_may_stand_between_the_verb_and_the_name_or_a_quotation_behind_the_verb():
    def spoken(sentence):
        return says(frozenset({stem("Voss")}), sentence, tuple(tokens(sentence)))

    assert spoken("“It was luck,” said the captain of the ferry, Ada Voss.")
    assert spoken("“Yes,” said his teacher of ten years, Ada Voss.")
    assert spoken("Ada Voss dismissed it as “fantasy”.")
    assert spoken("Ada Voss called the report “a farce”.")
    assert not spoken("Voss called Lind at ten to concede.")


def test_who_wrote_another_text_is_no_question_for_the_byline():
    assert analyse("Who wrote this article?").expects == "author"
    assert analyse("Who wrote the 2023 report?").expects != "author"


def test_who_speaks_for_somebody_is_named_by_an_office():
    def spoken(sentence):
        return says(frozenset({stem("Harken")}), sentence, tuple(tokens(sentence)))

    assert spoken("Harken chief executive officer Ada Lee said it was safe.")
    assert spoken("A Harken spokesperson, Ada Lee, said it was safe.")
    assert not spoken("Harken's critic Ada Lee said it was not.")
    assert not spoken("Of what Harken built, Ada Lee said it was not safe.")
    assert not spoken("Lee, whom Harken had fired, said it was not.")


@pytest.mark.parametrize(
    ("may", "hardly"),
    [
        ("It was put off after complaints from shops.", "It was put off in February."),
        ("It closed over fears that the roof would fall.", "It has closed over 20 times."),
        ("He was fined for failing to pay.", "He was sold for two million euros."),
        ("She flew there to meet the envoys.", "She moved to Ely."),
        ("Prices rose, with farmers paying twice as much.", "Prices rose with the tide."),
    ],
)
def test_a_word_may_hint_at_a_reason(may, hardly):
    assert hints_at_reason(may)
    assert not hints_at_reason(hardly)


@pytest.mark.parametrize("text", ["he won't", "he wont go", "they refused", "it ruled out talks"])
def test_a_denial_is_seen_with_and_without_its_apostrophe(text):
    assert denies(text)


def test_a_wont_in_other_words_is_no_denial():
    assert not denies("the font and the cantor")


def test_words_that_stand_for_one_another_are_related_and_a_capital_less_so():
    assert related(stem("pact"), stem("agreement")) == 0.8
    assert related(stem("Iranian"), stem("Iran")) == 0.8
    assert related(stem("Tehran"), stem("Iran")) == 0.7
    assert related(stem("oil"), stem("talks")) == 0.0
    assert "treaty" in relatives(stem("deal"))


def test_the_united_states_are_one_name_however_written():
    forms = ["U.S.", "US", "USA", "United States", "America", "united states"]
    assert {stem(form) for form in forms} == {stem("United States")}
    assert [token.surface for token in tokens("the United States left")] == [
        "the",
        "United States",
        "left",
    ]
    assert is_country(stem("America"))
